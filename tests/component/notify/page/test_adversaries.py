"""Whatever happens and whoever tries: the page shows no more than was said, and takes no more than fits."""

from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candor.contracts import Forecast, Standing
from notify_svc.page import texts
from notify_svc.page.links import Links
from tests.support.clocks import NOON
from tests.support.customer_page import URL, Customers
from tests.support.notify import DUE, FINE, LATE, contact, erased, gap, promise, removed, revised, withdrawn

STEPS = (
    "later",
    "worse",
    "fine",
    "none",
    "revise",
    "withdraw",
    "broken",
    "kept",
    "no_contact",
    "revoke",
    "erase",
    "send",
)
TRIES = ("read", "question", "readback", "verdict", "replayed", "forged", "foreign", "stolen")
EXPECT = re.compile(r"We expect it between ([^<]+?) and ([^<]+?)\.")
tables = ("answer", "offer", "page_link", "delivery", "notice", "episode", "promise", "customer", "erasure", "outbox")


class Story:
    """A promise to one customer, and what is known of it from outside."""

    def __init__(self, site: Customers) -> None:
        self.site = site
        self.version = 1
        self.form = ""
        self.path = ""
        self.gone = False

    async def begin(self) -> None:
        self.site.desk.clock.set(NOON)
        for table in tables:
            await self.site.desk.database.pool.execute(f"DELETE FROM {table}")
        await self.site.desk.take(promise(), contact(), gap(1, LATE))
        await self.site.desk.later(5)
        await self.site.desk.send()
        await self.site.fresh()
        self.path = self.site.link()
        self.form = await self.site.form(self.path)

    async def step(self, step: str) -> None:
        desk = self.site.desk
        self.version += 1
        number = self.version
        worse = Forecast(0.9, DUE + timedelta(hours=3), DUE + timedelta(hours=5), None, n=412)
        gaps = {
            "worse": gap(number, worse),
            "fine": gap(number, FINE),
            "none": gap(number, None),
            "broken": gap(number, None, Standing.BROKEN, completed=desk.clock.now()),
            "kept": gap(number, None, Standing.KEPT, completed=desk.clock.now()),
            "revise": revised(desk.clock.now() + timedelta(days=1), version=number),
            "withdraw": withdrawn(version=number),
            "no_contact": removed(version=number),
        }
        if step == "erase":
            await desk.take(erased(time=desk.clock.now(), version=number))
            self.gone = True
        elif step == "revoke":
            for one in (await self.site.staff.get("/v1/page-links")).json()["items"]:
                await self.site.staff.post(f"/v1/page-links/{one['link_id']}/revoke")
            self.gone = True
        elif step == "send":
            await desk.send()
        else:
            await desk.later(45, *([gaps[step]] if step in gaps else []))

    async def try_(self, how: str) -> int:
        """What an attempt is answered with."""
        links: Links = self.site.app.state.links
        paths = {
            "forged": f"{self.path[:-3]}abc",
            "foreign": Links("f" * 60 + "0123", URL).address("AbCdEfGhIjKlMnOpQrStUv").removeprefix(URL),
            "stolen": "/p/" + links.form("AbCdEfGhIjKlMnOpQrStUv"),
        }
        if how == "read":
            return (await self.site.customer.get(self.path)).status_code
        if how in paths:
            assert (await self.site.customer.get(paths[how])).status_code == 401
            return (await self.site.send(paths[how], form=self.form, about="question", words="x")).status_code
        about = {"question": {"words": "when?"}, "readback": {"choice": "right"}, "verdict": {"choice": "not_kept"}}
        fields = about.get(how, about["question"]) | {"about": how if how in about else "question"}
        form = self.form if how == "replayed" or self.gone else await self.site.form(self.path)
        return (await self.site.send(self.path, None, form=form, **fields)).status_code

    async def holds(self) -> None:
        """What is true whatever happened."""
        answer = await self.site.customer.get(self.path)
        assert answer.status_code == (401 if self.gone else 200)
        said = [mail for mail in self.site.letters() if URL in mail]
        for low, high in EXPECT.findall(answer.text):
            assert any(f"between {low} and {high}" in " ".join(mail.split()) for mail in said), (low, high)
        assert not (self.gone and texts.NOW in answer.text)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(TRIES)), min_size=1, max_size=8))
async def test_no_story_shows_what_was_not_said_or_opens_what_has_ended(
    site: Customers, story: list[tuple[str, str]]
) -> None:
    told = Story(site)
    await told.begin()
    taken = 0
    for step, how in story:
        await told.step(step)
        status = await told.try_(how)
        assert status in (200, 303, 401, 409), (step, how)
        if told.gone or how in ("forged", "foreign", "stolen"):
            assert status == 401, (step, how)
        taken += status == 303 and how != "read"
        await told.holds()
    rows = await site.desk.database.pool.fetchval("SELECT count(*) FROM answer")
    assert rows <= taken
