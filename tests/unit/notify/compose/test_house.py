"""What a company sets for its letters: read with line and field, judged as it is set, and never more than it said."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from candor.contracts import Fact, FactKind, Standing, Statement
from notify_svc.compose.house import DEFAULT_OPTIONS, MOST_SAID, House, Houses, Option, parse
from notify_svc.compose.letter import Letter, compose
from notify_svc.compose.signer import Signer
from notify_svc.domain.facts import Decision, Kind, Reason
from notify_svc.settings import NotifySettings
from tests.unit.notify.facts import gap, promise, snapshot, step, told

WHOLE = b"""\
company: Example Movers
reach: +1 212 555 0100
outside: [weather]
actions:
  - kinds: [install]
    causes: [milestone_missed]
    says: A second crew goes out the same day.
  - kinds: [install]
    says: Your planner looks at it every morning.
  - kinds: [parcel]
    says: The parcel has a tracing request.
means:
  - kinds: [install]
    says: Please keep the old machine running.
options:
  - option: keep_waiting
  - option: partial
    kinds: [install]
    says: We install the first half now.
    strength: You can begin with it.
    weakness: It takes a second visit.
  - option: goodwill
    kinds: [parcel]
    says: 10 % off this order.
    strength: You pay less.
    weakness: It comes no earlier.
"""
MISSED = step(planned=None)
WEATHER = Fact(kind=FactKind.INCIDENT_OPEN, event_id="ev-w", name="Weather", at=MISSED.at, public_text="Snow")


def written(house: House, *facts: Fact, statement: Statement = Statement.WARNING, **changes: Any) -> Letter:
    """A letter about an installation with these facts."""
    reason = {Statement.CANCELLED: Reason.CANCELLED, Statement.ALL_CLEAR: Reason.KEPT}.get(statement, Reason.SLIP_HELD)
    standing = {Statement.CANCELLED: Standing.CANCELLED, Statement.ALL_CLEAR: Standing.KEPT}
    decision = Decision(Kind.SPEAK, reason, statement, closing=statement is Statement.ALL_CLEAR)
    at, about = gap(0.86, standing.get(statement, Standing.OPEN), facts=facts), promise(kind="install")
    ended = {"low": None, "high": None, "next_update_by": None, "earlier": told()} if statement in standing else {}
    made = compose(snapshot(decision, statement, promise=about, gap=at, **ended, **changes), house)
    assert made.findings == ()
    return made


def test_without_a_file_nothing_is_promised_that_candor_does_not_do() -> None:
    made = written(House(), MISSED)
    assert "We look at this again with every report that comes in" in made.text
    assert [rule.option for rule in DEFAULT_OPTIONS] == [Option.KEEP_WAITING, Option.ANOTHER_DATE, Option.CANCEL]
    assert House() == parse(b"") == parse(b"# nothing yet\n")


def test_what_the_company_does_is_said_by_kind_and_cause() -> None:
    house = parse(WHOLE)
    missed = written(house, MISSED).text
    assert "- A second crew goes out the same day.\n- Your planner looks at it every morning.\n" in missed
    without = written(house).text
    assert "second crew" not in without
    assert "- Your planner looks at it every morning.\n" in without
    assert "tracing" not in missed + without
    assert "with every report" not in missed


def test_a_cause_is_a_kind_of_fact_the_name_of_a_step_or_a_category_of_incidents() -> None:
    for cause, fact in (("milestone_missed", MISSED), ("DEPARTED", MISSED), ("weather", WEATHER)):
        house = House.model_validate({"actions": [{"causes": [cause], "says": "We act."}]})
        assert "- We act.\n" in written(house, fact).text
        assert "- We act.\n" not in written(house).text


def test_at_most_three_actions_are_named_the_first_that_fit() -> None:
    house = House.model_validate({"actions": [{"says": f"We do thing {number}."} for number in range(9)]})
    text = written(house).text
    assert [f"thing {number}." in text for number in range(9)] == [number < MOST_SAID for number in range(9)]


def test_options_stand_side_by_side_with_strength_and_weakness_and_none_is_offered_that_was_not_set() -> None:
    made = written(parse(WHOLE), MISSED)
    assert (
        "- We install the first half now.\n  In favour: You can begin with it.\n  Against: It takes a second visit."
        in made.text
    )
    assert made.html.count("<tr") == 3
    assert "Keep waiting" in made.text
    for other in ("10 % off", "Another date", "Cancel"):
        assert other not in made.text
    none = written(House(options=()), MISSED)
    assert "What you can do" not in none.text + none.html


def test_once_it_is_cancelled_nobody_is_offered_to_wait_or_to_cancel() -> None:
    text = written(House(), statement=Statement.CANCELLED).text
    assert "Another date" in text
    assert "Keep waiting" not in text
    assert "- Cancel" not in text


def test_good_news_needs_no_options_and_no_actions() -> None:
    text = written(parse(WHOLE), statement=Statement.ALL_CLEAR).text
    assert "What you can do" not in text
    assert "What we do" not in text
    assert "sorry" not in text


def test_an_apology_stands_where_a_step_of_ours_did_not_come_and_the_cause_is_not_outside() -> None:
    house = parse(WHOLE)
    assert "We are sorry about this." in written(house, MISSED).text
    assert "We are sorry" not in written(house).text
    assert "We are sorry" not in written(house, WEATHER).text
    assert "We are sorry" not in written(house, MISSED, WEATHER).text
    assert "We are sorry" in written(House(), MISSED, WEATHER).text


def test_who_writes_and_how_to_reach_them() -> None:
    house = parse(WHOLE)
    assert written(house).text.count("To reach us: reply to this message, or +1 212 555 0100.\nExample Movers\n") == 1
    signed = written(house, signer=Signer("Ada Berg", "ada@example.com")).text
    assert "Ada Berg looks after this for you: reply to this message, or ada@example.com.\nExample Movers\n" in signed
    assert (
        "Ada Berg looks after this for you: reply to this message.\n" in written(house, signer=Signer("Ada Berg")).text
    )
    assert "To reach us: reply to this message.\n" in written(House()).text


def test_a_name_in_the_signature_is_a_name_whatever_it_says() -> None:
    house = House(company="Certainly Soon Ltd", reach="call soon.example")
    made = written(house, signer=Signer("Max Fault", "asap@example.com"))
    for name in ("Certainly Soon Ltd", "Max Fault", "asap@example.com"):
        assert name in made.text
    assert made.left_out == written(house).left_out


@pytest.mark.parametrize(("field", "words"), [("reach", "Call back ASAP"), ("company", "guaranteed soon")])
def test_a_sentence_is_no_name_and_no_way_to_reach_somebody(field: str, words: str) -> None:
    with pytest.raises(ValidationError, match="vague_time"):
        House.model_validate({field: words})
    plain = written(House())
    made = written(House(), signer=Signer("Max", words))
    assert words not in made.text and "Max looks after this for you: reply to this message." in made.text
    assert [what for what, _ in made.left_out if what == "reach"] == ["reach"]
    nobody = written(House(), signer=Signer(words, "+1 212 555 0100"))
    assert words not in nobody.text and nobody.text == plain.text
    assert [what for what, _ in nobody.left_out if what == "signer"] == ["signer"]


def test_an_action_that_names_a_team_which_has_not_accepted_is_left_out_and_recorded() -> None:
    house = House.model_validate({"actions": [{"says": "Team North comes to you."}, {"says": "We visit you daily."}]})
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    for name, said in (("Team North", False), ("it", True), ("Team South", True)):
        about = promise(deliverer=name, accepted=False)
        made = compose(snapshot(decision, promise=about, gap=gap()), house)
        assert made.findings == ()
        assert ("Team North comes to you." in made.text) == said
        assert "We visit you daily." in made.text
    [(what, why)] = compose(
        snapshot(decision, promise=promise(deliverer="Team North", accepted=False), gap=gap()), house
    ).left_out[:1]
    assert (what, why) == ("action", "unaccepted_team: Team North, in 'Team North comes to you.'")


def test_a_reason_that_is_left_out_is_recorded_with_its_words() -> None:
    blaming = msgspec.structs.replace(MISSED, public_reason="the fault of the carrier")
    made = written(House(), blaming)
    assert "fault" not in made.text
    assert ("public_reason", "blame: fault, in 'the fault of the carrier'") in made.left_out
    fine = msgspec.structs.replace(MISSED, public_reason="the van broke down", event_id="ev-2")
    both = written(House(), blaming, fine)
    assert "Reason given: the van broke down." in both.text
    assert "carrier" not in both.text


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"compny: x", "line 1: compny: "),
        (b"company: x\nactions:\n  - kinds: [a]\n", "line 3: actions.0: says is missing"),
        (b"actions:\n  - says: We fix it shortly.\n", "line 2: actions.0.says: vague_time: 'shortly' may not stand"),
        (b"actions:\n  - says: {en: We act., xx: Hm.}\n", "line 2: actions.0.says: xx is no language of letters"),
        (b"means:\n  - says: It waits because of snow.\n", "line 2: means.0.says: cause: 'because'"),
        (b"options:\n  - option: refund\n", "line 2: options.0.option: "),
        (b"options:\n  - option: goodwill\n", "line 2: options.0: goodwill needs `says`, `strength` and `weakness`"),
        (b"language: xx\n", "language must be one of en"),
        (b"company: [a]\n", "line 1: company: "),
        (b"company: *x\n", "line 1: aliases"),
        (b"- a\n", "line 1: "),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(raw: bytes, says: str) -> None:
    with pytest.raises(ValueError, match="line") as caught:
        parse(raw)
    assert says in str(caught.value)


def test_the_file_is_read_again_and_a_wrong_one_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "letters.yaml"
    file.write_bytes(WHOLE)
    houses = NotifySettings(letters_file=file).houses()
    assert houses.file is not None
    assert houses.now().company == "Example Movers"
    for number, (raw, company) in enumerate([(b"company: Other\n", "Other"), (b"company: []\n", "Other")]):
        file.write_bytes(raw)
        os.utime(file, (number, number))
        houses.file.look()
        assert houses.now().company == company
    assert "LETTERS_FILE" in houses.file.problem
    assert "line 1: company" in houses.file.problem


def test_a_wrong_file_stops_the_start_with_its_name_line_and_field(tmp_path: Path) -> None:
    file = tmp_path / "letters.yaml"
    file.write_bytes(b"company: x\nreach: 7\n")
    with pytest.raises(ValueError, match=r"LETTERS_FILE .*line 2: reach"):
        Houses(file)


@pytest.mark.parametrize("name", ["MAIL_ACTION", "MAIL_OPTIONS"])
def test_words_set_for_an_earlier_release_are_refused_and_not_ignored(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "we act.")
    with pytest.raises(ValueError, match=f"{name} is set, and is read no more: say it in LETTERS_FILE"):
        NotifySettings()


kinds = st.lists(st.sampled_from(["*", "install", "parcel"]), min_size=1, max_size=2).map(tuple)
offered = st.lists(st.tuples(st.sampled_from([Option.KEEP_WAITING, Option.ANOTHER_DATE, Option.CANCEL]), kinds))


@given(offered)
def test_no_letter_offers_what_the_company_did_not(rules: list[tuple[Option, tuple[str, ...]]]) -> None:
    house = House.model_validate({"options": [{"option": option.value, "kinds": of} for option, of in rules]})
    text = written(house, MISSED).text
    wanted = {option for option, of in rules if {"*", "install"} & set(of)}
    words = {Option.KEEP_WAITING: "- Keep waiting", Option.ANOTHER_DATE: "- Another date", Option.CANCEL: "- Cancel"}
    for option, said in words.items():
        assert text.count(said) == (option in wanted)
