"""Customers read what was given for them, and no other word of staff or of a system."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Fact, FactKind, Statement
from notify_svc.channels.email.mail import Mail
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, compose
from notify_svc.compose.owner_letter import to_the_owner
from notify_svc.domain.facts import Decision, Gap, Kind, Reason
from tests.support.clocks import NOON
from tests.unit.notify.compose.test_letters import CASES, letter
from tests.unit.notify.facts import gap, minutes, snapshot, step, told

NOTICE = "7f0c1b52-7a0e-5d0c-9d6e-3e1f2a4b5c6d"
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80)
facts = st.builds(
    Fact,
    kind=st.sampled_from(FactKind),
    event_id=st.sampled_from(["", "ev-1"]),
    name=st.sampled_from(["departed", "arrived"]),
    at=st.integers(-300, 0).map(lambda value: NOON + minutes(value)),
    text=st.just(""),
    minutes=st.floats(0, 5_000),
    reason=st.just(""),
    told=st.booleans(),
    public_text=st.sampled_from(["", "Snow at Newark"]),
    public_reason=st.sampled_from(["", "late aircraft"]),
)


def with_internal(fact: Fact, inside: str) -> Fact:
    """The fact with words that are not for customers wherever it has room for them."""
    hidden = fact.kind is FactKind.INCIDENT_OPEN or not fact.told
    return msgspec.structs.replace(fact, text=inside, reason=inside, name=inside if hidden else fact.name)


def mail(made: Letter) -> bytes:
    """The letter as it leaves, headers and all."""
    thread = ("<a@mail.test>",)
    return Mail(
        message_id="<n@mail.test>",
        thread=thread,
        date=NOON,
        sender="promises@mail.test",
        sender_name="Example",
        reply_to="help@mail.test",
        recipient="pat@c.example",
        name="Pat",
        subject=made.subject,
        text=made.text,
        html=made.html,
    ).render()


def read(made: Letter) -> tuple[object, ...]:
    return made.subject, made.text, made.html, made.findings, mail(made)


@given(st.sampled_from(CASES), st.lists(st.tuples(facts, words), min_size=1, max_size=6))
def test_no_internal_word_changes_a_letter(
    case: tuple[Gap, Statement, Reason, bool, str], drawn: list[tuple[Fact, str]]
) -> None:
    at, statement, reason, closing, _ = case
    earlier = None if statement is Statement.WARNING else told()

    def written(found: list[Fact]) -> Letter:
        about = replace(at, facts=tuple(found))
        return letter(about, statement, reason, earlier=earlier, closing=closing, evidence={"milestone": "departed"})

    without = [with_internal(fact, "") for fact, _ in drawn]
    assert read(written([with_internal(fact, inside) for fact, inside in drawn])) == read(written(without))


@given(words.filter(lambda inside: len(inside.strip()) > 12))
def test_an_internal_text_is_nowhere_in_the_mail_and_the_owner_reads_it_apart_from_it(inside: str) -> None:
    secret = " ".join(f"§{inside}§".split())
    known = (
        msgspec.structs.replace(step(), name="departed", reason=secret),
        Fact(kind=FactKind.MILESTONE_LATE, event_id="ev-2", name=secret, at=NOON, minutes=40),
        Fact(kind=FactKind.INCIDENT_OPEN, event_id="ev-3", name="it", at=NOON, text=secret),
    )
    decision = Decision(Kind.SPEAK, Reason.MILESTONE_MISSED, Statement.WARNING, {"milestone": "departed"})
    at = gap(facts=known)
    known_now = snapshot(decision, gap=at)
    said = compose(known_now, House())
    assert said.findings == ()
    for part in (said.subject, said.text, said.html, mail(said).decode()):
        assert "§" not in part
    owners = to_the_owner(known_now, said, NOTICE, 0.7).text
    inside_part, _, quoted = owners.partition("What the customer is told next")
    assert "(internal, not sent to the customer):" in inside_part
    assert inside_part.count(secret.rstrip(".")) == 3
    assert said.text.strip() in quoted
    assert "§" not in quoted


def test_without_public_words_nothing_is_said_about_why() -> None:
    inside = "customer is a pain, deprioritised"
    job = Fact(
        kind=FactKind.INCIDENT_OPEN,
        event_id="ev-i",
        name="it_ops",
        at=NOON - minutes(95),
        text="ECONNREFUSED in job 4711",
    )
    untold = Fact(
        kind=FactKind.MILESTONE_LATE, event_id="ev-2", name="ask_legal_first", at=NOON, minutes=40, reason=inside
    )
    made = letter(gap(facts=(step(reason=inside), untold, job)))
    assert '- "departed" did not take place; we have known this since Fri 8 Mar, 07:00.\n' in made.text
    assert "- A step on our side came 40 minutes late (Fri 8 Mar, 07:00).\n" in made.text
    assert (
        "- An incident that may affect this has been open since Fri 8 Mar, 05:25. "
        "We do not know whether it is the cause.\n" in made.text
    )
    assert "Reason given" not in made.text
    for secret in (inside, "4711", "it_ops", "ask_legal_first"):
        assert secret not in made.text + made.html + made.subject


def test_public_words_are_told_beside_internal_ones() -> None:
    missed = step(reason="driver overslept", public_reason="the van broke down")
    made = letter(gap(facts=(missed,)))
    assert "Reason given: the van broke down." in made.text
    assert "overslept" not in made.text


@pytest.mark.parametrize("stored", [["text"], ["reason"], ["text", "reason"]])
def test_a_fact_stored_before_there_were_public_words_is_internal(stored: list[str]) -> None:
    row = {"kind": "incident_open", "event_id": "e", "name": "it", "at": NOON, "minutes": 0.0, "told": False}
    old = msgspec.json.decode(msgspec.json.encode(row | dict.fromkeys(stored, "job 4711")), type=Fact)
    made = letter(gap(facts=(old, msgspec.structs.replace(old, kind=FactKind.MILESTONE_MISSED, told=True))))
    assert "4711" not in made.text + made.html + made.subject


def test_steps_that_read_alike_without_their_names_are_said_once() -> None:
    overdue = [
        Fact(kind=FactKind.MILESTONE_OVERDUE, event_id="", name=name, at=NOON, minutes=5)
        for name in ("packed", "loaded")
    ]
    assert letter(gap(facts=tuple(overdue))).text.count("A step on our side has not happened yet") == 1


def test_the_owner_of_a_promise_without_internal_words_reads_no_empty_list() -> None:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING, {})
    at = gap(facts=(step(public_reason="late aircraft"),))
    known_now = snapshot(decision, gap=at)
    assert "internal" not in to_the_owner(known_now, compose(known_now, House()), NOTICE, 0.7).text
