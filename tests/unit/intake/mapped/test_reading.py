"""Files of mapped sources: each mistake is told with its line, and extending a preset changes what is said."""

from __future__ import annotations

import re

import pytest

from candor.intake.mapped.config import TIMES, Constant, Taken
from candor.intake.mapped.located import LocatedError
from candor.intake.mapped.roots import GIVEN, roots
from candor.intake.source import Incoming
from tests.unit.intake.mapped.mappings import TEXT, read, rules, stop, vans

PROOF = TEXT[TEXT.index("    proof:") : TEXT.index("    each:")]


def test_a_right_file_is_read() -> None:
    assert list(rules(TEXT)) == ["vans"]
    assert rules("sources: {}") == {}


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("proof:", "proofs:", 2, "proof is missing; line 4: sources.vans.proofs: is no name that may stand here"),
        (PROOF, "", 2, "proof is missing"),
        ("      hmac: {header", "      hmak: {header", 5, "hmak: is no name that may stand here"),
        ("{timestamp}.{body}", "{body}", 4, "anybody can change a timestamp that is not signed"),
        ("{timestamp}.{body}", "{nonsense}", 4, "an HMAC is over"),
        ("service: delivery-svc", "service: risk-svc", 3, "'promise-svc' or 'delivery-svc'"),
        ("each: body.stops", "each: body.stops[", 7, "no JMESPath expression"),
        (
            "type: milestone.reported\n        when: item.what == 'there'",
            "type: milestone.report",
            10,
            "there is no event",
        ),
        ("promise_id: item.job\n          milestone: {value: delivery}", "promise: item.job", 14, "has no such field"),
        ("          milestone: {value: delivery}\n", "", 14, "milestone.reported needs milestone as well"),
        ("map: {done: reached, failed: missed}", "mapp: {}", 17, "mapp: is no name that may stand here"),
        ("milestone: {value: delivery}", "milestone: 7", 16, "must be an expression"),
        ("milestone: {value: delivery}", "milestone: {value: null}", 16, "a constant null says nothing"),
        (
            "map: {done: reached, failed: missed}",
            "map: {done: done}",
            17,
            "map.done: 'done' cannot stand here: must",
        ),
        ("map: {done: reached, failed: missed}", "map: {a: reached}, otherwise: gone", 17, "otherwise: 'gone' cannot"),
        ("map: {done: reached, failed: missed}", "map: {a: reached}, default: gone", 17, "default: 'gone' cannot"),
        ("milestone: {value: delivery}", "milestone: {value: [1]}", 16, "milestone.value: [1] cannot stand here"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, zone: UTC}", 16, "say which with `time`"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, otherwise: y}", 16, "give a map"),
        ("time: {from: item.unix, time: seconds}", "time: {from: x, time: seconds, zone: UTC}", 13, "have no zone"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, time: iso, zone: Mars/Base}", 16, "an IANA zone"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, time: date, at: '25:00'}", 16, "a time of day"),
        ("milestone: {value: delivery}", "milestone: delivery", 16, "not with 'delivery': a constant is {value: …}"),
        ("milestone: {value: delivery}", "milestone: {from: itm.x}", 16, "milestone.from: an expression begins with"),
        ("promise_id: item.job", "promise_id: lower(item.job || jobs[0])", 15, "not with 'jobs'"),
        ("id: join(':', [body.van,", "id: join(':', [van,", 12, "not with 'van'"),
        ("when: item.what == 'there'", 'when: item.what == "there"', 11, "{value: …}, a text in an expression 'x'"),
        ("when: item.what == 'there'", "when: items[?what == 'there']", 11, "not with 'items'"),
        ("each: body.stops", "each: stops[*]", 7, "each: an expression begins with one of body, item, named"),
        ("ignore: item.what", "ignore: what", 8, "not with 'what'"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, time: isoo}", 16, "must be one of iso, seconds"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, time: '%d.%Q'}", 16, "a pattern of strptime"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, time: '%F %T'}", 16, "a pattern of strptime"),
        ("status: 200", "status: 500", 27, "must be at most 299"),
        ("  vans:", "  Vans:", 2, "Vans"),
        ("sources:\n", "sauces:\n", 1, "sauces: is no name that may stand here"),
    ],
)
def test_a_mistake_is_told_with_its_line(before: str, after: str, line: int, words: str) -> None:
    assert before in TEXT
    with pytest.raises(LocatedError, match=re.escape(words)) as error:
        rules(TEXT.replace(before, after, 1))
    assert error.value.line == line, str(error.value)


SEVERAL = {
    "each: body.stops": "each: body.stops[",
    "service: delivery-svc": "service: delivery",
    "status: 200": "status: 500",
    "{timestamp}.{body}": "{body}",
    "time: seconds": "tim: seconds",
    "milestone: {value: delivery}": "milestone: 7",
}


def test_several_mistakes_are_told_together_in_the_order_of_their_lines() -> None:
    text = TEXT
    for before, after in SEVERAL.items():
        assert before in text
        text = text.replace(before, after, 1)
    with pytest.raises(LocatedError) as error:
        rules(text)
    assert [(line, words.partition(":")[0]) for line, words in error.value.mistakes] == [
        (3, "sources.vans.service"),
        (7, "sources.vans.each"),
        (13, "sources.vans.events.0.time.tim"),
        (16, "sources.vans.events.0.data.milestone"),
        (27, "sources.vans.answer.status"),
    ]
    assert str(error.value).startswith(
        "line 3: sources.vans.service: must be 'promise-svc' or 'delivery-svc'; line 7: "
    )
    assert error.value.line == 3


def test_mistakes_of_several_sources_that_only_their_service_knows_are_told_together() -> None:
    one = TEXT.removeprefix("sources:\n").replace("milestone: {value: delivery}", "milestone: delivery", 1)
    other = one.replace("  vans:", "  lorries:").replace("promise_id: item.job", "promise: item.job", 1)
    with pytest.raises(LocatedError) as error:
        rules(f"sources:\n{one}{other}")
    lines = one.count("\n")
    assert [line for line, _ in error.value.mistakes] == [16, lines + 15, lines + 16]


def test_at_most_ten_mistakes_are_told_and_how_many_more_there_are() -> None:
    text = TEXT + "".join(f"    x{number}: 1\n" for number in range(12))
    with pytest.raises(LocatedError, match=r"sources\.vans\.x9: .*; and 2 more$") as error:
        rules(text)
    assert len(error.value.mistakes) == 12


def test_of_a_value_of_several_kinds_the_mistakes_of_the_kind_that_was_meant_are_told() -> None:
    text = TEXT.replace(
        "    answer:", "    labels: body.x\n    affects: [{label: a, kind: 'b c'}, {label: 7}]\n    answer:"
    )
    with pytest.raises(LocatedError) as error:
        rules(text)
    assert [words.partition(":")[0].removeprefix("sources.vans.affects.") for _, words in error.value.mistakes] == [
        *("0.kind", "1.label", "1"),
    ]


def test_sources_of_another_service_are_left_to_it_but_their_proof_must_be_right() -> None:
    other = TEXT.replace("service: delivery-svc", "service: promise-svc")
    assert rules(other) == {}
    with pytest.raises(LocatedError, match="an HMAC is over"):
        rules(other.replace("{timestamp}.{body}", "{nonsense}"))


EXTENDED = """\
sources:
  east:
    extends: vans
    service: delivery-svc
    about: Vans of the east
    proof: {path_token: {}}
    ignore: item.what == 'nap'
    data:
      milestone: {value: handover}
      reason: item.why
"""


def test_extending_a_preset_replaces_its_fields() -> None:
    presets = {"vans": vans().rule.model_copy(update={"needs": ["reason"]})}
    east = rules(EXTENDED, presets)["east"]
    assert east.about == "Vans of the east"
    assert list(east.proof.model_fields_set) == ["path_token"]
    assert [event.data["milestone"] for event in east.events] == [Constant(value="handover")] * 2
    assert all("reason" in event.data for event in east.events)
    assert east.needs == []


def test_a_field_that_one_event_has_is_not_given_to_another() -> None:
    text = EXTENDED.replace("reason: item.why", "final: item.last")
    first, second = rules(text, {"vans": vans().rule})["east"].events
    assert first.data["final"] == "item.last"
    assert "final" not in second.data


def test_a_field_that_no_event_has_is_a_mistake_and_not_left_out_in_silence() -> None:
    text = EXTENDED.replace("reason: item.why", "delivered: item.share")
    with pytest.raises(
        LocatedError, match="no event of vans has such a field, they have at, final, milestone"
    ) as error:
        rules(text, {"vans": vans().rule})
    assert error.value.line == 10


@pytest.mark.parametrize(
    "expression",
    [
        "item.jobs[?state == 'x'].id | [0]",
        "item.{a: id, b: no}.a",
        "sort_by(item.jobs, &at)[-1].id",
        "item.list[*].[id, no][]",
        'item."a b".*.c',
        "body.x && number || sender && null",
        "not_null(named.job, parameters.job)",
        "length(item.jobs[?length(parts) > `1`])",
        "map(&join(':', [a, b]), item.jobs)",
    ],
)
def test_names_within_what_was_selected_are_the_senders_own(expression: str) -> None:
    assert set(roots(expression)) <= GIVEN


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("job.id", {"job"}),
        ("[job, item.id]", {"job", "item"}),
        ("{a: job, b: van}", {"job", "van"}),
        ("!job", {"job"}),
        ("job[*].item", {"job"}),
        ("job | item", {"job"}),
        ("lower(job) == van", {"job", "van"}),
        ("@", set()),
        ("`7`", set()),
    ],
)
def test_an_expression_begins_with_these_names(expression: str, found: set[str]) -> None:
    assert set(roots(expression)) == found


@pytest.mark.parametrize("kind", [*TIMES, "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S.%f%z", "%I:%M %p, %d %b %y", "%j/%Y"])
def test_every_way_in_which_times_are_read_may_be_named(kind: str) -> None:
    assert Taken.model_validate({"from": "item.x", "time": kind}).time == kind


def test_what_extends_is_read_as_the_preset_is() -> None:
    rule = rules(EXTENDED, {"vans": vans().rule.model_copy(update={"needs": ["reason"]})})["east"]
    [one] = read(type(vans())("east", rule), {"van": "e", "stops": [stop(why="rain")]})
    assert isinstance(one, Incoming)
    assert (one.event.data["milestone"], one.event.data["reason"]) == ("handover", "rain")


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("extends: vans", "extends: vens", 3, "there is no preset 'vens', delivery-svc has vans"),
        ("      reason: item.why\n", "", 2, "vans needs, under data: reason"),
        ("reason: item.why", "reason: item.[", 10, "no JMESPath"),
        ("    service: delivery-svc\n", "", 2, "service is missing"),
        ("data:", "date:", 8, "date: is no name"),
    ],
)
def test_a_mistake_in_what_extends_is_told_with_its_line(before: str, after: str, line: int, words: str) -> None:
    presets = {"vans": vans().rule.model_copy(update={"needs": ["reason"]})}
    with pytest.raises(LocatedError, match=words) as error:
        rules(EXTENDED.replace(before, after, 1), presets)
    assert error.value.line == line, str(error.value)
