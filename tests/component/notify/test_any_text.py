"""Whatever text intake accepts is in a letter that goes out, and arrives there as the API shows it, on one line."""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from candor.contracts import Message
from candor.web.http.body import convert
from candor.web.http.problems import Problem
from candor.web.http.text import one_line
from delivery_svc.api.requests import MilestoneIn
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build
from tests.component.promise.bodies import sent
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.notify import KEY, LATE, Desk, departed_late, gap
from tests.support.servers import Databases

DUE = "2013-03-08T18:00:00Z"
PARTS = st.sampled_from(
    ["=?", "?=", "=?UTF-8?Q?", "K=C3=BCche", "\r\n", "\n", " ", "\t", "\u00a0", "\u3000", ".", "late", "not", "a", "e",
     "soon", "as soon as possible", "at fault", "definitely", "5 in 100", "<b>", "&amp;", '"', "\\", "{{ due }}", "{%",
     "\u200b", "\u200d", "\u202e", "\u2028", "\v", "\ufeff", "\0", "\u0378", "\ue000", "e\u0301", "日本語", "👩‍🔧",
     "x" * 80, "w" * 1500, "é" * 300, "From ", "\n.\n", "--", ";", ","]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PARTS, st.text(max_size=12)), min_size=1, max_size=8).map("".join)
NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=120)
BY_VALUE = [
    "=?UTF-8?Q?K=C3=BCche_montiert?=", "w" * 4000, "ü" * 2000, "late", "not", "a", "as soon as\npossible",
    "We definitely bring it, 5 in 100", "one\r\n\r\n\r\n\r\ntwo", "Is 2 =? 3?=", "a \ue000", " x ",
    "\ufeffone\vtwo\u2028three\x85",
    "{{ due }}", "\n.\nQUIT\n",
]  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def api(postgres: str, databases: Databases, tmp_path: Path) -> AsyncIterator[Api]:
    (tmp_path / "keys").mkdir()
    keys = Keys(tmp_path / "keys", private=KEY)
    found = PromiseSettings(
        database_url=postgres, database_prefix=f"t{secrets.token_hex(5)}", publishing=False, **keys.write()
    )
    async with running(build(found, ManualClock()), keys) as made:
        yield made
    await databases.drop(found.database)


class Shown(NamedTuple):
    """What the API shows of one promise, and the name of its customer."""

    number: int
    what: str
    name: str


def drawn(chance: random.Random, count: int) -> list[tuple[str, str, str]]:
    """Texts for a promise, a name and a reason, the same for the same printed seed."""
    found: list[tuple[str, str, str]] = []

    @seed(chance.randrange(2**32))
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(TEXTS, st.one_of(TEXTS, NAMES), TEXTS)
    def draw(what: str, name: str, reason: str) -> None:
        found.append((what, name, reason))

    draw()
    return found


async def accepted(api: Api, number: int, what: str, name: str) -> Shown | None:
    """Makes a promise and a contact over HTTP: what the API shows of them, or None if one is refused by its field."""
    if not (what + name).isascii() and any("\ud800" <= sign <= "\udfff" for sign in what + name):
        return None
    body = {"promise_id": f"p{number}", "customer_id": f"c{number}", "kind": "k", "what": what, "due": DUE}
    made = await api.call("POST", "/v1/promises", body)
    reached = {"email": f"c{number}@müller.example", "name": name, "language": "en"}
    known = await api.call("PUT", f"/v1/customers/c{number}/contact", reached)
    for answer, field in ((made, "/what"), (known, "/name")):
        if answer.status_code >= 300:
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, field), answer.text
    if made.status_code >= 300 or known.status_code >= 300:
        return None
    shown = (await api.call("GET", f"/v1/promises/p{number}")).json()["what"]
    return Shown(number, shown, one_line(name))


def reason_of(text: str) -> str | None:
    """The reason for customers as delivery-svc takes it, or None if it refuses it."""
    report = {"promise_id": "p", "milestone": "departed", "status": "reached", "at": DUE, "public_reason": text}
    try:
        return convert(MilestoneIn, report).public_reason
    except (Problem, UnicodeEncodeError):
        return None


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def recipient(raw: bytes) -> tuple[str, str]:
    """Display name and address by RFC 2047; Python's newer parser puts a blank between encoded words of a name."""
    name, address = parseaddr(message_from_bytes(raw)["To"].replace("\r\n", ""))
    return str(make_header(decode_header(name))), address


async def test_what_is_accepted_is_mailed_and_arrives_as_it_is_shown(
    api: Api, desk_: Desk, seeded: random.Random
) -> None:
    tried = [*((text, "Pat", "") for text in BY_VALUE), *drawn(seeded, 30)]
    found: list[Shown] = []
    events: list[Message] = []
    for number, (what, name, reason) in enumerate(tried):
        shown = await accepted(api, number, what, name)
        if shown is None:
            continue
        found.append(shown)
        late = departed_late(reason=reason_of(reason) or "", event_id=f"ev-{number}")
        scored = gap(1, LATE, name=f"p{number}", customer=f"c{number}", facts=[late])
        events += [*await sent(api, f"c{number}"), scored]
    await desk_.take(*events)
    assert {one.number for one in found} >= set(range(len(BY_VALUE)))
    await desk_.later(5)
    while await desk_.send():
        pass
    mails = {recipient(mail.raw)[1]: mail for mail in desk_.received()}
    held = {row["promise_id"]: row["findings"] for row in await desk_.notices() if row["state"] != "sent"}
    assert held == {}
    for one in found:
        mail = mails[f"c{one.number}@xn--mller-kva.example"]
        in_one_line = re.sub(r"[ \t\n]+", " ", one.what)
        assert str(mail.parsed()["Subject"]).startswith(f"Probably late: {in_one_line}")
        assert recipient(mail.raw)[0] == one.name
        assert f"We are probably going to be late with this: {in_one_line}." in body(mail.parsed(), "plain")
        assert in_one_line in unescape(body(mail.parsed(), "html"))
