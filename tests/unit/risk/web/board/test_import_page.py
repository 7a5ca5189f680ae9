"""The page that imports a table: brought by an operator, mapped, checked and sent; wrong rows are named by number."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from candor.store.audit import Act, Actor
from candor.tabular.converting import Fault
from candor.tabular.rows import TableError
from risk_svc.web.board.bringing import PATH, bring
from risk_svc.web.board.import_words import fault_rows, outcome_words
from risk_svc.web.board.pages import imports
from risk_svc.web.board.table_files import KEPT_SECONDS, MOST_BYTES, MOST_UNPACKED, TableFiles
from risk_svc.web.board.table_import import BATCH, Outcome, TableImport
from tests.support.board_pages import READING, Staff, drawn
from tests.support.stand_in import StandIn, standing_in, status
from tests.unit.risk.web.board.test_source_pages import Desk
from tests.unit.tabular.test_desk import ORDERS


def service(asked: Request, body: Any) -> Response:
    assert asked.url.path == "/v1/imports"
    refused = [
        {"index": at, "code": "already_exists", "detail": "a promise with this id exists already"}
        for at, event in enumerate(body["events"])
        if event["data"].get("promise_id") == "SO-2"
    ]
    return JSONResponse({"accepted": len(body["events"]) - len(refused), "replayed": 0, "rejected": refused})


@pytest_asyncio.fixture
async def there() -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(service, "the-key")) as made:
        yield made


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def files(seconds: Seconds) -> Any:
    held = TableFiles(seconds)
    yield held
    held.close()


class Made:
    """Draws the page over a desk."""

    def __init__(self, there: StandIn, files: TableFiles) -> None:
        self.desk = Desk(there)
        self.importing = TableImport(self.desk.intake)
        self.files = files

    def __call__(self, address: Any, acting: Any) -> imports.Page:
        return imports.Page(READING, self.files, self.importing, acting, address)


@pytest.fixture
def made(there: StandIn, files: TableFiles) -> Made:
    return Made(there, files)


async def test_a_table_is_proposed_for_checked_and_imported_and_wrong_rows_are_named(
    made: Made, there: StandIn
) -> None:
    word = made.files.add("op", "orders.csv", ORDERS.encode(), "Europe/Berlin")
    async with drawn("/import", made, query=f"table={word}") as page:
        await page.refresh()
        assert "promise_id: {from: item.order, as: id}" in page.mapping.value
        await page._check()
        assert page.outcome.text == "3 rows make 3 events; 1 row is wrong. Nothing has been sent."
        assert [(row["row"], row["column"]) for row in page.faults.table.rows] == [("4", "promised for")]
        assert there.asked == []
        await page._import()
        assert page.outcome.text == "Imported 3 events of 3 rows: 2 taken, 0 taken before, 2 rows are wrong."
        assert [(row["row"], row["reason"].partition(":")[0]) for row in page.faults.table.rows] == [
            ("3", "already_exists"),
            ("4", "due"),
        ]
    sent = [[event["type"] for event in body["events"]] for _, _, _, body in there.asked]
    # Promises before what became of them.
    assert sent == [["promise.made", "promise.made"], ["milestone.reported"]]
    assert made.desk.acts == [
        Act(Actor("ana", "operator", "192.0.2.7"), "table.import", "promise-svc delivery-svc 3 events")
    ]
    # Of what it became nothing is left beside it.
    file = made.files.get(word, "op")
    assert file is not None
    assert {path.name for path in file.path.parent.iterdir()} == {"table.csv", "faults"}


async def test_what_a_person_changes_in_the_mapping_stays_and_counts(made: Made, there: StandIn) -> None:
    word = made.files.add("op", "orders.csv", ORDERS.encode())
    async with drawn("/import", made, query=f"table={word}") as page:
        await page.refresh()
        await page._import()
        assert page.outcome.text == "the mapping, line 4: zone is left open: write what it is in place of ???"
        page.mapping.set_value(page.mapping.value.replace("???", "UTC").replace("{value: orders}", "{value: order}"))
        await page.refresh()
        await page._import()
        assert [event["data"]["kind"] for event in there.asked[0][3]["events"]] == ["order", "order"]


async def test_a_viewer_and_another_session_import_nothing(made: Made, there: StandIn) -> None:
    word = made.files.add("op", "orders.csv", ORDERS.encode(), "UTC")
    for session, said in (("view", "operator"), ("gone", "over")):
        async with drawn("/import", made, query=f"table={word}", session=session) as page:
            await page.refresh()
            assert page.outcome.text == imports.GONE
            await page._import()
            assert said in page.outcome.text
    assert there.asked == []


async def test_an_import_that_stops_says_how_far_it_came(made: Made, there: StandIn) -> None:
    rows = "".join(f"SO-{n};acme;x;01.03.2026;10.03.2026;\n" for n in range(100, 100 + BATCH + 1))
    word = made.files.add("op", "orders.csv", (ORDERS.splitlines()[0] + "\n" + rows).encode(), "UTC")
    there.faults += [lambda: JSONResponse({"accepted": BATCH, "replayed": 0, "rejected": []}), status(503)]
    async with drawn("/import", made, query=f"table={word}") as page:
        await page.refresh()
        await page._import()
        assert page.outcome.text.startswith("Stopped: promise-svc: it answered with status 503. So far 200 taken")
        await page._import()
        assert page.outcome.text.startswith("Imported 201 events")


async def test_what_is_no_table_is_said_without_where_it_lies(made: Made) -> None:
    word = made.files.add("op", "orders.csv", b"\0\0\0binary")
    async with drawn("/import", made, query=f"table={word}") as page:
        await page.refresh()
        assert page.outcome.text.startswith("orders.csv is no text file")


def test_files_are_kept_for_their_session_for_an_hour_and_there_are_only_so_many(
    files: TableFiles, seconds: Seconds
) -> None:
    word = files.add("op", "a.csv", b"a;b\n")
    found = files.get(word, "op")
    assert found is not None
    assert found.path.read_bytes() == b"a;b\n"
    assert (files.get(word, "view"), files.get(word, ""), files.get("x", "op")) == (None, None, None)
    for _ in range(5):
        files.add("op", "a.csv", b"a;b\n")
    with pytest.raises(TableError, match="too many tables"):
        files.add("op", "a.csv", b"a;b\n")
    seconds.now = KEPT_SECONDS + 1
    assert files.get(word, "op") is None
    assert not found.path.exists()
    assert files.add("op", "a.csv", b"a;b\n")


def workbook(size: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * size)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.pdf", b"x", "is no table"),
        ("a.xls", b"x", "is no table"),
        ("a.csv", b"x" * (MOST_BYTES + 1), "at most 4 MiB"),
        ("a.xlsx", b"no archive", "is no table"),
        ("a.xlsx", workbook(MOST_UNPACKED + 1), "unpacks to more than 64 MiB"),
    ],
)
def test_what_cannot_be_a_table_is_not_kept(files: TableFiles, name: str, raw: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        files.add("op", name, raw)
    assert files._files == {}


@pytest.fixture
def form(files: TableFiles) -> httpx.AsyncClient:
    app = FastAPI()
    app.state.staff, app.state.table_files = Staff(), files

    @app.post(PATH)
    async def _post(request: Request) -> Response:
        request.scope["state"] = {"session": request.headers.get("x-session", "")}
        return await bring(app, request)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://board")


async def test_a_form_brings_a_table_for_an_operator_and_leads_to_its_page(
    form: httpx.AsyncClient, files: TableFiles
) -> None:
    sent = {"files": {"file": ("orders.csv", ORDERS)}, "data": {"zone": " Europe/Berlin ", "dates": "dmy"}}
    answer = await form.post(PATH, headers={"x-session": "op"}, **cast(Any, sent))
    assert answer.status_code == 303
    [word] = parse_qs(urlsplit(answer.headers["location"]).query)["table"]
    found = files.get(word, "op")
    assert found is not None
    assert (found.name, found.zone, found.dates) == ("orders.csv", "Europe/Berlin", "dmy")
    for session, code in (("view", 403), ("gone", 403), ("", 403)):
        assert (await form.post(PATH, headers={"x-session": session}, **cast(Any, sent))).status_code == code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"files": {"file": ("a.pdf", b"x")}}, 422),
        ({"files": {"file": ("a.csv", b"a;b")}, "data": {"dates": "ymd"}}, 422),
        ({"data": {"file": "text"}}, 422),
        ({"content": b"--x", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 422),
        ({"files": [("file", ("a.csv", b"a")), ("file", ("b.csv", b"b"))]}, 400),
    ],
)
async def test_what_a_form_brings_wrong_is_said_on_a_page(
    form: httpx.AsyncClient, files: TableFiles, sent: dict[str, Any], code: int
) -> None:
    headers = {"x-session": "op", **sent.pop("headers", {})}
    answer = await form.post(PATH, headers=headers, **sent)
    assert answer.status_code == code
    assert "The table was not taken" in answer.text
    assert files._files == {}


def test_an_outcome_counts_what_was_taken() -> None:
    found = Outcome(2, 1200, 1100, 100, 0, [])
    assert outcome_words(found) == "Imported 1,200 events of 2 rows: 1,100 taken, 100 taken before, no row is wrong."
    rows = fault_rows([Fault(1200, "", "x"), Fault(1200, "a", "y")])
    assert [(row["row"], row["column"]) for row in rows] == [("1,200", "–"), ("1,200", "a")]
    assert len({row["id"] for row in rows}) == 2


async def test_the_page_without_a_table_is_a_form_that_needs_no_script(made: Made) -> None:
    async with drawn("/import", made) as page:
        assert page.word == ""
        client = page.banner._label.client
        [form] = [one for one in client.elements.values() if one.tag == "form" and "enctype" in one.props]
        names = [one.props["name"] for one in form.descendants() if one.tag == "input"]
        assert names == ["file", "zone", "dates"]
        assert form.props["action"] == "/board/import/file"
        await page.refresh()
        assert page.moment.text == "Mon 30 Nov 12:00 UTC"
