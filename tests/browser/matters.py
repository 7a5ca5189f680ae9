"""A person looks where a message changed, which claims were false, what is handed off, planned and said outside."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
from playwright.async_api import Page, expect

from candor.local.secret_files import add_key
from candor.web.security.auth import Role
from candor_demo.stage import Stage
from tests.browser.looks import too_pale, well_told
from tests.support.waiting import until

PROMISE = "told-1"
WAY = ("engineering", "product", "sales", "customer")
DUES = ("2099-03-30T00:00:00Z", "2099-03-30T00:00:00Z", "2099-03-12T00:00:00Z")
BODIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "POST",
        "/v1/promises",
        {
            "promise_id": PROMISE,
            "customer_id": "told",
            "kind": "install",
            "what": "Told <b>hop</b> by hop",
            "due": DUES[2],
        },
    ),
    *(
        (
            "POST",
            "/v1/statements",
            {
                "statement_id": f"{PROMISE}-{at}",
                "promise_id": PROMISE,
                "said_by": WAY[at],
                "said_to": WAY[at + 1],
                "due": due,
            },
        )
        for at, due in enumerate(DUES)
    ),
    ("PUT", "/v1/capabilities/telemetry", {"statuses": [{"status": "planned"}], "at": "2012-01-01T00:00:00Z"}),
    (
        "POST",
        "/v1/claims",
        {
            "claim_id": "told-claim",
            "capability_id": "telemetry",
            "said": "available",
            "channel": "webinar",
            "department": "sales",
            "recipients": 240,
        },
    ),
    (
        "POST",
        "/v1/handoffs",
        {
            "handoff_id": "told-handoff",
            "promise_id": PROMISE,
            "deliverer": "crew-7",
            "department": "sales",
            "due": "2099-03-20T00:00:00Z",
        },
    ),
    (
        "POST",
        "/v1/plans",
        {
            "plan_id": "told-plan",
            "promise_id": PROMISE,
            "driver": "lateness",
            "action": "add-crew",
            "department": "operations",
            "due": "2099-03-10T00:00:00Z",
        },
    ),
    (
        "POST",
        "/v1/reviews",
        {
            "source": "reviews.example",
            "source_id": "told-review",
            "at": "2012-12-01T00:00:00Z",
            "rating": 2,
            "words": "Nice <b>machine</b>, but nobody told us that it comes late.",
            "product": "told-product",
            "promise_id": PROMISE,
        },
    ),
    (
        "POST",
        "/v1/lead-times",
        {
            "lead_time_id": "told-lead-time",
            "competitor": "Brew <b>& Co</b>",
            "kind": "install",
            "low": 7,
            "typical": 10,
            "high": 14,
            "source": "their delivery page",
            "at": "2012-12-01T00:00:00Z",
        },
    ),
    (
        "POST",
        "/v1/offers",
        {
            "offer_id": "told-offer",
            "promise_id": PROMISE,
            "department": "success",
            "options": [{"name": "<i>half</i> price", "kind": "goodwill", "value": 250, "currency": "EUR"}],
        },
    ),
    (
        "POST",
        "/v1/challenges",
        {
            "challenge_id": "told-challenge",
            "about": "promise",
            "about_id": PROMISE,
            "department": "operations",
            "reason": "there is no crew that week",
        },
    ),
)


async def tell(stage: Stage) -> None:
    """Post a promise with what was said of it, a false claim and a hand-off, each once."""
    key = add_key(stage.stack.secrets, f"says-{secrets.token_hex(4)}", Role.OPERATOR)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=stage.stack.urls["promise-svc"], headers=headers) as promises:
        for method, path, body in BODIES:

            async def taken(method: str = method, path: str = path, body: dict[str, Any] = body) -> bool:
                answer = await promises.request(method, path, json=body)
                # 409: it is there already. The key is known within seconds.
                return answer.status_code in (200, 201, 409)

            await until(taken, pause=0.5)


async def path_page(page: Page, board: str) -> None:
    """The flow is told and drawn, lying or upright as there is room, and a message leads to its promise."""
    await page.goto(f"{board}path?promise={PROMISE}")
    await expect(
        page.get_by_text("It changed first at sales, in what it told customer: 18.0 d earlier.")
    ).to_be_visible()
    flow = page.get_by_role("img", name="engineering to product: as first said")
    await expect(flow).to_have_accessible_name(
        "engineering to product: as first said; product to sales: same date, D 0.00; "
        "sales to customer: 18.0 d earlier, D 0.60."
    )
    await expect(flow.locator(".flow-narrow svg")).to_be_visible()
    await expect(flow.locator(".flow-wide svg")).to_be_hidden()
    await seen(page, "Path")
    await page.set_viewport_size({"width": 1280, "height": 800})
    await expect(flow.locator(".flow-wide svg")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Promise id")).to_have_value(PROMISE)
    await page.get_by_role("link", name=PROMISE).first.click()
    await expect(page.get_by_role("heading", name="Told <b>hop</b> by hop", level=1)).to_be_visible()
    await expect(page.get_by_role("heading", name="How the message came about")).to_be_visible()
    await page.get_by_role("link", name="All that was said of it").click()
    await expect(page).to_have_url(f"{board}path?promise={PROMISE}")


async def claims_page(page: Page, board: str) -> None:
    """A false claim stands with its exposure, and the recall counts who is left."""
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(f"{board}claims?capability=telemetry")
    await expect(page.get_by_text("1 false claim of telemetry told 240 people")).to_be_visible()
    await expect(page.get_by_text("Left to be corrected: 240.")).to_be_visible()
    await expect(page.get_by_text("“available”; there: planned")).to_be_visible()
    await seen(page, "Claims")


async def handoffs_page(page: Page, board: str) -> None:
    """An open hand-off says what both sides know; of another state there is none."""
    await page.goto(f"{board}hand-offs?deliverer=crew-7")
    await expect(page.get_by_text("sales → crew-7")).to_be_visible()
    await expect(page.get_by_text("work 8.0 d after it")).to_be_visible()
    await seen(page, "Hand-offs")
    await page.goto(f"{board}hand-offs?deliverer=crew-7&state=declined")
    await expect(page.get_by_text("No hand-off matches.")).to_be_visible()


async def plans_page(page: Page, board: str) -> None:
    """An open plan says who does what until when, on its page and on that of its promise; what was tried is told."""
    await page.goto(f"{board}plans?driver=lateness&action=add-crew")
    await expect(page.get_by_text("add-crew, against lateness")).to_be_visible()
    await expect(page.get_by_text("Nothing was done against lateness so far")).to_be_visible()
    await seen(page, "Plans")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    assert (await download.value).suggested_filename == "plans.csv"
    await page.get_by_role("link", name=PROMISE).first.click()
    await expect(page.get_by_role("heading", name="Plans to close the gap")).to_be_visible()
    await expect(page.get_by_text("Under way: add-crew (operations), due Tue 10 Mar 00:00 UTC.")).to_be_visible()
    await page.goto(f"{board}plans?state=dropped")
    await expect(page.get_by_text("No plan matches.")).to_be_visible()


async def market_page(page: Page, board: str) -> None:
    """A review says what it complains of and leads to its promise, which leads back; others' lead times are stated."""
    await page.goto(f"{board}market?product=told-product")
    await expect(page.get_by_text("“nobody told”")).to_be_visible()
    await expect(page.get_by_text("Of 1 review 1 tagged by machine")).to_be_visible()
    await expect(page.get_by_text("Brew <b>& Co</b>, install")).to_be_visible()
    await expect(page.get_by_text("10 (7 to 14) days, stated by their delivery page, 1 Dec 2012")).to_be_visible()
    await seen(page, "Market")
    for name in ("reviews.csv?product=told-product", "review-months.csv?product=told-product", "competitors.csv"):
        await expect(page.locator(f"a[href$='{name}']")).to_be_visible()
    await page.goto(f"{board}market?product=told-product&tag=unreachable")
    await expect(page.get_by_text("No review matches.")).to_be_visible()
    await page.goto(f"{board}promises/{PROMISE}")
    await expect(page.get_by_text("1 Dec 2012, reviews.example, 2 of 5: not told (“nobody told”)")).to_be_visible()
    await page.get_by_role("link", name="All reviews").click()
    await expect(page).to_have_url(f"{board}market")
    await page.get_by_role("link", name=PROMISE).first.click()
    await expect(page.get_by_role("heading", name="Told <b>hop</b> by hop", level=1)).to_be_visible()


async def offers_and_challenges(page: Page, board: str) -> None:
    """What was offered about a promise and who doubts it, each as a list, as CSV, and on the promise's page."""
    for path, title, said in (
        ("offers", "Offers", "<i>half</i> price (goodwill, 250 EUR)"),
        ("challenges", "Challenges", f"promise {PROMISE}"),
    ):
        await page.goto(f"{board}{path}?promise={PROMISE}")
        await expect(page.get_by_text(said).first).to_be_visible()
        await seen(page, title)
        async with page.expect_download() as download:
            await page.get_by_role("link", name=f"CSV: {title}").click()
        assert (await download.value).suggested_filename == f"{path}.csv"
    await page.goto(f"{board}challenges?state=")
    await expect(page.get_by_text("all", exact=True).first).to_be_visible()
    await page.goto(f"{board}promises/{PROMISE}")
    await expect(page.get_by_text("by operations: not answered.")).to_be_visible()
    await page.get_by_role("link", name="Its offers").click()
    await expect(page).to_have_url(f"{board}offers?promise={PROMISE}")


async def seen(page: Page, title: str) -> None:
    """The page fits a phone, is read easily and told well."""
    assert int(await page.evaluate("document.documentElement.scrollWidth")) <= 390
    assert await too_pale(page) == []
    assert (await well_told(page))["h1"] == [title]
