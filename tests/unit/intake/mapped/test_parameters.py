"""Parameters and names of presets: what a company may say, and that each mistake is told with its line."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from candor.intake.mapped import MappedSource
from candor.intake.mapped.config import Parameter, SourceRule, schema_for_editors
from candor.intake.mapped.located import LocatedError
from candor.intake.mapped.parameters import given
from candor.intake.source import Incoming, Unusable
from tests.unit.intake.mapped.mappings import read, rules

PRESET: Final = """\
sources:
  vans:
    service: delivery-svc
    proof: {bearer: {}}
    parameters:
      done: {about: the words for done, as: texts, example: [there]}
      job: {about: the field with the job, default: job}
      zone: {about: the zone of its times, as: zone, default: UTC}
      last: {about: whether a stop is the last one, as: boolean, default: false}
    named:
      job: field(item, parameters.job)
      over: contains(parameters.done, item.what) && named.job != 'test'
    ignore: "!(named.over)"
    events:
      - type: milestone.reported
        id: [named.job, {value: stop}, {from: item.no, as: text}]
        data:
          promise_id: named.job
          milestone: {value: delivery}
          status: {value: reached}
          final: parameters.last
          at: {from: item.at, time: iso, zone_from: parameters.zone}
"""
OWN: Final = """\
sources:
  east:
    extends: vans
    service: delivery-svc
    parameters: {done: [there, 7], job: order, zone: Europe/Berlin, last: true}
"""
STOP: Final = {"no": 1, "order": "p-1", "job": "p-2", "what": "there", "at": "2013-03-08T12:00:00"}


def presets(text: str = PRESET) -> dict[str, SourceRule]:
    return rules(text)


def own(text: str = OWN) -> MappedSource:
    [(name, rule)] = rules(text, presets()).items()
    return MappedSource(name, rule)


def only(source: MappedSource, **more: Any) -> Incoming:
    [one] = read(source, STOP | more)
    assert isinstance(one, Incoming)
    return one


def test_expressions_see_what_a_company_said() -> None:
    one = only(own())
    assert one.id == "p-1:stop:1"
    assert one.event.data["at"] == "2013-03-08T12:00:00+01:00"
    assert one.event.data["final"] is True
    assert only(own(), what="7").id == one.id
    assert read(own(), STOP | {"what": "left"}) == []


def test_what_a_company_leaves_out_is_as_the_preset_has_it() -> None:
    one = only(own(OWN.replace(", job: order, zone: Europe/Berlin, last: true", "")))
    assert one.event.data == {
        "promise_id": "p-2",
        "milestone": "delivery",
        "status": "reached",
        "final": False,
        "at": "2013-03-08T12:00:00+00:00",
    }


def test_a_name_of_a_preset_may_be_found_otherwise() -> None:
    text = OWN + "    named: {job: \"join('-', ['van', item.order])\"}\n"
    assert only(own(text)).id == "van-p-1:stop:1"


def test_a_sender_may_have_parameters_and_names_of_its_own() -> None:
    text = PRESET.replace("field(item, parameters.job)", "item.parameters.named.job")
    rule = presets(text)["vans"].shown()
    assert only(MappedSource("vans", rule), parameters={"named": {"job": "p-9"}}).event.data["promise_id"] == "p-9"


def test_a_part_of_an_id_that_is_not_there_refuses_the_item() -> None:
    body = {name: value for name, value in STOP.items() if name != "order"}
    [one] = read(own(), body)
    assert isinstance(one, Unusable)
    assert "selects nothing" in one.problem.detail


def test_what_a_name_cannot_be_made_of_refuses_the_item_alone() -> None:
    preset = PRESET.replace("named:\n", "named:\n      low: lower(item.what)\n").replace(
        "    ignore", "    each: body\n    ignore"
    )
    [(_, rule)] = rules(OWN, presets(preset)).items()
    found = read(MappedSource("east", rule), [STOP, STOP | {"what": 3}])
    assert [type(one) for one in found] == [Incoming, Unusable]
    assert isinstance(found[1], Unusable)
    assert "named low" in found[1].problem.detail


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("done: [there, 7], ", "", 2, r"vans needs, under parameters: done \(the words for done\)"),
        ("done: [there, 7]", "done: there", 5, "must be a list of texts"),
        ("done: [there, 7]", "done: [there, '']", 5, "must be a list of texts"),
        ("job: order", "job: [order]", 5, "must be a text, such as closedate: the field with the job"),
        ("zone: Europe/Berlin", "zone: Mars/Base", 5, "must be an IANA zone"),
        ("last: true", "last: 1", 5, "must be true or false"),
        ("last: true", "lasst: true", 5, "has no such parameter, it has done, job, last, zone"),
        ("last: true", "last: {a: 1}", 5, "must be a text|should be a valid"),
        ("    parameters:", "    named: {jobb: item.x}\n    parameters:", 5, "names no such thing, it has job, over"),
    ],
)
def test_a_mistake_of_a_company_is_told_with_its_line(before: str, after: str, line: int, words: str) -> None:
    assert before in OWN
    with pytest.raises(LocatedError, match=words) as error:
        own(OWN.replace(before, after))
    assert error.value.line == line, str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("final: parameters.last", "final: parameters.lasst", 2, "reads parameters.lasst, the source has done, job"),
        ("promise_id: named.job", "promise_id: named.jobb", 2, "reads named.jobb, the source has job, over"),
        ("as: zone, default: UTC", "as: zone, default: Nowhere", 8, "must be an IANA zone"),
        ("example: [there]", "example: there", 6, "must be a list of texts"),
        ("about: the field with the job, ", "", 7, "about is missing"),
        ("as: boolean", "as: bool", 9, "'text', 'texts'"),
        ("zone_from: parameters.zone", "zone: UTC, zone_from: parameters.zone", 22, "not both"),
        (", time: iso, zone_from", ", zone_from", 22, "say which with `time`"),
    ],
)
def test_a_mistake_of_a_preset_is_told_with_its_line(before: str, after: str, line: int, words: str) -> None:
    assert before in PRESET
    with pytest.raises(LocatedError, match=words) as error:
        presets(PRESET.replace(before, after))
    assert error.value.line == line, str(error.value)


def test_a_zone_that_an_expression_makes_up_refuses_the_item() -> None:
    preset = PRESET.replace("zone_from: parameters.zone", "zone_from: item.zone")
    [(_, rule)] = rules(OWN, presets(preset)).items()
    [one] = read(MappedSource("east", rule), STOP | {"zone": "Mars/Base"})
    assert isinstance(one, Unusable)
    assert "IANA zone" in one.problem.detail


def test_examples_stand_for_what_is_missing_and_nothing_else() -> None:
    rule = presets()["vans"]
    assert rule.missing() == ["done"]
    shown = rule.shown()
    assert (shown.missing(), shown.parameters["done"].default, shown.parameters["job"].default) == (
        [],
        ["there"],
        "job",
    )


NUMBER: Final = Parameter.model_validate({"about": "a number", "as": "number"})


def test_a_number_is_one() -> None:
    assert (given(NUMBER, 7), given(NUMBER, 0.5)) == (7, 0.5)
    for wrong in (True, "7", [7]):
        with pytest.raises(ValueError, match="must be a number"):
            given(NUMBER, wrong)


@generated(st.lists(st.one_of(st.text(min_size=1, max_size=200), st.integers()), max_size=100))
def test_texts_are_texts_whatever_yaml_made_of_them(values: list[Any]) -> None:
    asked = Parameter.model_validate({"about": "stages", "as": "texts"})
    assert given(asked, values) == [str(one) for one in values]


def test_editors_know_of_parameters() -> None:
    parts = schema_for_editors()["$defs"]
    assert "parameters" in parts["ExtendedRule"]["properties"]
    assert set(parts["Parameter"]["required"]) == {"about"}
