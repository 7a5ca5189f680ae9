"""10,000 tries to have a letter written that facts and consent do not cover, or to have words run as a template.

In one process and without a database: the parts that decide, look up who is reached, compose, check, and look again
before sending. Each try is drawn from one seed, which a failure prints.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any, Final

import msgspec
from nacl.public import PrivateKey
from structlog.testing import capture_logs

from candor.contracts import Fact, FactKind, NoticeState, Standing, Statement, staff_key
from candor.contracts.sealed import seal
from notify_svc.compose.house import House, Houses
from notify_svc.compose.own_grammar import PARTS
from notify_svc.domain.basis import basis_of
from notify_svc.domain.episode import observe
from notify_svc.domain.facts import (
    Announcement,
    CalledOff,
    Episode,
    Forecast,
    Gap,
    Kind,
    Move,
    Promise,
    Reason,
    Rules,
)
from notify_svc.domain.offered import Offered
from notify_svc.domain.own import Own
from notify_svc.domain.owner import Audience
from notify_svc.domain.silence import Composed, outdated
from notify_svc.service.speaker import Addressees, Speaker
from notify_svc.store.approvals import Reading
from notify_svc.store.notices import Notice
from notify_svc.store.read_model import Customer, PromiseRecord
from tests.support.notify import OPENER, REACH, sealed
from tests.unit.notify.compose.test_languages import ALL

SEED: Final = 20261130
TRIES: Final = 10_000
RULES: Final = Rules(hold=timedelta(0))
HOUSE: Final = House(company="Example {{ 1337*1331 }} & Sons", reach="</p><b>0800</b>")
SPEAKER: Final = Speaker(REACH, RULES, Houses(house=HOUSE))
WHOLE: Final = "\n".join(f"{{{{ {name} }}}}" for name in PARTS)
TEMPLATES: Final = (WHOLE, WHOLE.replace("{{ expected }}", ""), "{{ gone }}", "{{ what }}" * 80)
RAN: Final = "1779547"
"""What a template would make of the sum in names."""
HOSTILE: Final = (
    "Espresso machine",
    "{{ 1337*1331 }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{{ ''.__class__.__mro__ }} ${1337*1331} #{1337*1331} %(what)s %s {0} {due}",
    "</p></body><script>alert(1)</script><img src=x onerror=alert(1)>",
    "\u202egnirorrim\u202c \u2067right to left\u2069 שלום",
    "one\r\nSubject: two\r\n\r\nthree",
    "\ue010options\ue011 \ue000",
    "late\u2028early\u2029\x85\x0b\x0c",
    "W" * 10_000,
    "shortly, guaranteed, because of you, 99 in 100",
    "🦊👩‍👩‍👧 e\u0301 \u0000",
)
ZONES: Final = (
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "No/Where",
)
MOMENTS: Final = (
    datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 45, tzinfo=UTC),
    datetime(2026, 3, 8, 7, 0, tzinfo=UTC),
    datetime(2028, 2, 29, 18, 30, tzinfo=UTC),
)
OTHER: Final = PrivateKey(bytes(reversed(range(32))))
CONTACTS: Final = (
    "none",
    "erased",
    "removed",
    "unreadable",
    "no consent",
    "stopped",
    "refused",
    "no address",
    "capped",
)
"""Each of which forbids a letter."""
FORBIDDEN: Final = ("historical", "disputed", "withdrawn", "another date", "settled otherwise")
"""What of a promise forbids one, or any but that it is called off."""
LATER: Final = ("verdict", "date", "step taken back", "late", "gone")
"""What becomes known between composing and sending, and makes a letter untrue."""


class Try:
    """One try: facts, a contact, and what is wrong with them."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.now = dice.choice(MOMENTS) + timedelta(minutes=dice.randrange(-90, 90))
        self.due = self.now + timedelta(minutes=dice.choice((-120, -1, 45, 360, 1440, 60 * 24 * 40)))
        self.contact = dice.choice(("well", "well", dice.choice(CONTACTS)))
        self.wrong = dice.choice(("", "", dice.choice(FORBIDDEN)))
        self.preview = dice.random() < 0.1
        self.language = dice.choice((*ALL, None, "pt-BR", "sw", "x'; --"))

    def name(self) -> str:
        return self.dice.choice(HOSTILE)

    def record(self) -> PromiseRecord:
        promise, gap = self.promise(), self.gap()
        episode = observe(self.episode(), gap, RULES)
        return PromiseRecord(
            promise_id="p1", customer_id="c1", partition=0, promise=promise, gap=gap, gap_version=1, episode=episode
        )

    def promise(self) -> Promise:
        off = self.dice.random() < 0.05
        move = Move("ev-r", self.now, self.due - timedelta(hours=2), self.due, self.dice.random() < 0.5, self.name())
        return Promise(
            promise_id="p1",
            customer_id="c1",
            event_id="ev-p",
            what=self.name(),
            held_due=self.due,
            zone=self.dice.choice(ZONES),
            deliverer=self.dice.choice((None, "it", self.name())),
            accepted=self.dice.random() < 0.7,
            owner=self.dice.choice((None, None, None, "anna")),
            kind="install",
            historical=self.wrong == "historical",
            disputed=self.wrong == "disputed",
            withdrawn=off or self.wrong == "withdrawn",
            ended=Standing.KEPT if self.wrong == "settled otherwise" else None,
            called_off=CalledOff("ev-w", self.now, self.dice.random() < 0.5, self.name()) if off else None,
            moves=(move,) if self.dice.random() < 0.2 else (),
        )

    def gap(self) -> Gap:
        half = self.due + timedelta(minutes=self.dice.randrange(-200, 400))
        p_slip = self.dice.choice((0.0, 0.04, 0.2, 0.5, 0.7, 0.86, 1.0))
        most = half + timedelta(minutes=self.dice.randrange(-5, 300))
        forecast = Forecast(p_slip, half, most, self.dice.choice((0, 1, 412)), 200, 0.8, self.dice.choice((0.6, 0.8)))
        held = self.due + timedelta(hours=1) if self.wrong == "another date" else self.due
        standing = self.dice.choice((*[Standing.OPEN] * 6, Standing.KEPT, Standing.BROKEN, Standing.CANCELLED))
        done = self.now if standing in (Standing.KEPT, Standing.BROKEN) and self.dice.random() < 0.8 else None
        return Gap(
            version=1,
            event_id="gap-1",
            standing=standing,
            as_of=self.now - timedelta(minutes=10),
            held_due=held,
            forecast=self.dice.choice((forecast, forecast, None)),
            facts=tuple(self.fact(number) for number in range(self.dice.randrange(4))),
            completed_at=done,
        )

    def fact(self, number: int) -> Fact:
        return Fact(
            kind=self.dice.choice(list(FactKind)),
            event_id=self.dice.choice((f"ev-{number}", "")),
            name=self.name(),
            at=self.now - timedelta(minutes=self.dice.randrange(500)),
            told=self.dice.random() < 0.7,
            planned=self.dice.choice((None, self.now - timedelta(hours=2))),
            minutes=47,
            text="INTERNAL-4711",
            reason="INTERNAL-4711",
            public_text=self.name(),
            public_reason=self.name(),
        )

    def episode(self) -> Episode:
        if self.dice.random() < 0.6:
            return Episode()
        low = self.now + timedelta(minutes=self.dice.randrange(-100, 100))
        ranged = self.dice.random() < 0.7
        high = low + timedelta(minutes=60) if ranged else None
        told = Announcement(Statement.WARNING, self.now - timedelta(hours=1), low if ranged else None, high, self.now)
        return Episode(told=told)

    def customer(self) -> Customer | None:
        about: dict[str, Any] = {
            "language": self.language,
            "zone": self.dice.choice((None, *ZONES)),
            "name": self.name(),
        }
        if self.contact == "none":
            return None
        if self.contact == "unreadable":
            return Customer("c1", 1, seal(OTHER.public_key, msgspec.json.encode({"email": "eve@evil.example"})))
        email = "nobody" if self.contact == "no address" else "pat@customer.example"
        box = sealed(email, consent=self.contact != "no consent", **about)
        return Customer(
            "c1",
            1,
            None if self.contact in ("removed", "erased") else box,
            ["email"] if self.contact == "refused" else [],
            erased_at=self.now if self.contact == "erased" else None,
            stopped_at=self.now if self.contact == "stopped" else None,
        )

    def addressees(self) -> Addressees:
        customer = self.customer()
        contacts = {"c1": customer} if customer else {}
        contacts[staff_key("anna")] = Customer(staff_key("anna"), 1, sealed("anna@company.example", name=self.name()))
        sent = Counter({"c1": RULES.daily_cap} if self.contact == "capped" else {})
        source = self.dice.choice(("", "", "", "", *TEMPLATES))
        owns = {
            (one.value, language): Own(one, language, 1, "{{ what }}", source)
            for one in Statement
            for language in ALL
            if source
        }
        times = (None, self.now, self.due + timedelta(days=1))
        offered = [Offered("OF-1:1", self.name(), self.dice.choice(times)) for _ in range(self.dice.randrange(3))]
        reading = Reading(frozenset(), {})
        ways = Addressees(contacts=contacts, sent=sent, failed={}, links={}, reading=reading)
        return replace(ways, templates=owns, offered={"p1": tuple(offered)})


class _Reader(HTMLParser):
    """What a letter's HTML has of tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


TAGS: Final = {"html", "head", "meta", "title", "body", "p", "br", "strong", "ul", "li", "table", "tr", "th", "td"}
TAGS_OF_OWNERS: Final = TAGS | {"blockquote"}


def no_word_ran(notice: Notice) -> None:
    """Nothing that somebody wrote became a template, markup, or another line of a header."""
    owners = notice.audience is Audience.OWNER
    for words in (notice.subject, notice.body, notice.html):
        assert RAN not in words and "<class" not in words
    reader = _Reader()
    reader.feed(notice.html)
    assert reader.tags <= (TAGS_OF_OWNERS if owners else TAGS), reader.tags
    assert not {name for name in reader.attributes if name.startswith("on") or name in ("src", "href")}
    assert notice.html.count("<html") == notice.html.count("</body>") == (1 if notice.html else 0)
    assert not re.search(r"[\r\n]", notice.subject)


def covered(one: Try, known: PromiseRecord, notice: Notice) -> None:
    """A letter that would go out rests on consent and on facts, and names nothing internal."""
    assert one.contact == "well" and not one.preview, one.contact
    assert notice.recipient == OPENER.recipient("pat@customer.example")
    assert known.promise is not None and known.gap is not None
    off, forecast = notice.spoken_for is Reason.CALLED_OFF, known.gap.forecast
    assert one.wrong not in ("historical", "disputed"), one.wrong
    # Of a gap for another date only that it is later than the new one; a move itself does not depend on it.
    if (
        one.wrong == "another date"
        and known.gap.standing is Standing.OPEN
        and notice.spoken_for is not Reason.DATE_MOVED
    ):
        assert notice.statement is not Statement.ALL_CLEAR, notice.spoken_for
        assert off or (forecast is not None and (forecast.p50 is None or forecast.p50 > known.promise.held_due))
    assert off or not known.promise.withdrawn
    assert notice.findings == "[]" and "INTERNAL-4711" not in f"{notice.subject}{notice.body}{notice.html}"
    evidence = msgspec.json.decode(notice.evidence)
    assert evidence["support"] and all(claim["event"] for claim in evidence["support"])
    told = notice.told
    if told.low is not None:
        assert forecast is not None and forecast.p50 is not None and told.high is not None
        assert forecast.p50 <= told.low < told.high and one.now <= told.low
    assert told.next_update_by is None or told.next_update_by > one.now


def changed_in_time(one: Try, known: PromiseRecord, notice: Notice) -> None:
    """What becomes known before it is sent, and makes it untrue, is seen by the last look."""
    promise, gap = known.promise, known.gap
    assert promise is not None and gap is not None
    basis = basis_of(promise, gap, notice.told, closing=notice.closing)
    said = Composed(notice.statement, notice.spoken_for, notice.told, notice.closing, basis)
    what, now = one.dice.choice(LATER), one.now
    if what == "verdict":
        promise = replace(promise, ended=Standing.BROKEN if gap.standing is Standing.KEPT else Standing.KEPT)
    elif what == "date":
        promise = replace(promise, event_id="ev-new")
    elif what == "step taken back" and gap.facts:
        gap = replace(gap, facts=())
    elif what == "late" and notice.told.next_update_by is not None:
        now = notice.told.next_update_by
    else:
        assert outdated(said, None, gap, now, RULES) is not None
        return
    assert outdated(said, promise, gap, now, RULES) is not None, what


def test_of_10_000_tries_no_letter_is_uncovered_and_no_word_runs() -> None:
    print("seed", SEED)
    reached: Counter[str] = Counter()
    with capture_logs():
        tried(reached)
    print(dict(reached))
    # Each way was gone often enough to mean something.
    assert reached["pending"] > 1_000 and reached["suppressed"] > 500 and reached["preview"] > 50, reached
    assert reached["template failed"] > 200 and reached["silent"] > 500


def tried(reached: Counter[str]) -> None:
    """All tries, one after the other; `reached` counts what came of them."""
    for number in range(TRIES):
        one = Try(random.Random(SEED * TRIES + number))
        known = one.record()
        if SPEAKER.looked(known, RULES, one.now).kind is not Kind.SPEAK:
            reached["silent"] += 1
            continue
        before = replace(known)
        addressees = one.addressees()
        for notice in SPEAKER.speak(known, addressees, RULES, one.now, preview=one.preview):
            no_word_ran(notice)
            if notice.audience is Audience.OWNER:
                reached["owner"] += 1
                continue
            reached[notice.state.value] += 1
            assert notice.state is not NoticeState.HELD or notice.reason in (Reason.LINT, Reason.NOT_COMPOSED)
            if notice.state is NoticeState.PENDING:
                covered(one, before, notice)
                changed_in_time(one, before, notice)
        reached["template failed"] += bool(addressees.broken)
