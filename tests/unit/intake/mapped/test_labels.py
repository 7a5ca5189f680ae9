"""What labels of incidents mean, by rules of the configuration, and what no rule knew."""

from __future__ import annotations

from importlib.resources import files
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import ValidationError

from candor.intake.mapped import labels as module
from candor.intake.mapped.labels import LabelRule, Unknown, UnknownLabels, labels_of, places
from candor.intake.mapped.located import LocatedError
from candor.intake.mapped.source import MappedSource
from candor.intake.source import Incoming
from candor.web.security.webhooks import Webhook
from delivery_svc.offered import OFFERED
from tests.support.clocks import NOON
from tests.unit.intake.mapped.mappings import rules

PRESETS = OFFERED.presets()
FILE = """\
affects:
  ours:
    - {label: depot, kind: site, id: "depot-{value}"}
    - {label: service, pattern: "checkout-*", kind: product, id: "{1}"}
    - {label: region, value: eu-1, kind: region, id: europe}
sources:
  alerts: {extends: NAME, service: delivery-svc, affects: ours}
"""


def rule(**said: Any) -> LabelRule:
    return LabelRule.model_validate({"label": "service", "kind": "service"} | said)


@pytest.mark.parametrize(
    ("said", "value", "found"),
    [
        ({}, "check out", "check-out"),
        ({"value": "a"}, "a", "a"),
        ({"value": "a"}, "b", None),
        ({"value": "a", "id": "shop"}, "a", "shop"),
        ({"pattern": "checkout-*"}, "checkout-eu", "checkout-eu"),
        ({"pattern": "checkout-*", "id": "{1}"}, "checkout-eu", "eu"),
        ({"pattern": "*.prod.*", "id": "{2}:{1}"}, "shop.prod.eu", "eu:shop"),
        ({"pattern": "a.c"}, "abc", None),
        ({"pattern": "checkout-*"}, "my-checkout-eu", None),
        ({"pattern": "*", "id": "{1}"}, "a\nb", "a-b"),
        ({"pattern": "x*", "id": "{1}"}, "x", None),
        ({"pattern": "*"}, "{2}", "-2-"),
    ],
)
def test_a_rule_makes_a_place_of_a_value_that_fits(said: dict[str, Any], value: str, found: str | None) -> None:
    place = rule(**said).place(value)
    assert place == (None if found is None else {"kind": "service", "id": found})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"value": "a", "pattern": "b"}, "a value or a pattern"),
        ({"pattern": "*.*.*"}, "at most 2 stars"),
        ({"id": "{1}"}, "names a star that the pattern has not"),
        ({"pattern": "a*", "id": "{2}"}, "names a star that the pattern has not"),
        ({"kind": "two words"}, "String should match pattern"),
        ({"labels": "x"}, "Extra inputs"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        rule(**said)


def test_all_rules_that_fit_count_each_place_once() -> None:
    known = [rule(), rule(label="region", kind="region"), rule(value="shop"), rule(label="depot")]
    assert places({"service": "shop", "region": "eu"}, known) == [
        {"kind": "service", "id": "shop"},
        {"kind": "region", "id": "eu"},
    ]
    assert places({"team": "x"}, known) == []
    assert len(places({"service": "x"}, [rule(id=f"n{n}") for n in range(100)])) == module.MOST_PLACES


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ({"a": "x", "b": 1, "c": True, "d": None, "e": ["x"], "f": ""}, {"a": "x", "b": "1", "c": "True"}),
        ([{"label": "a", "value": "x"}, {"label": "b"}, "c", {"value": "d"}], {"a": "x"}),
        ({"a" * 129: "x", "b": "x" * 257, "c": "x"}, {"c": "x"}),
        (None, {}),
        ("text", {}),
        ({f"l{n}": "x" for n in range(100)}, {f"l{n}": "x" for n in range(module.MOST_LABELS)}),
    ],
)
def test_labels_are_read_as_senders_write_them(found: Any, kept: dict[str, str]) -> None:
    assert labels_of(found) == kept


@settings(max_examples=200, print_blob=True)
@given(
    some.recursive(
        some.none() | some.integers() | some.text(max_size=5),
        lambda one: some.lists(one) | some.dictionaries(some.text(max_size=5), one),
    )
)
def test_whatever_a_sender_writes_gives_labels_or_none(found: Any) -> None:
    kept = labels_of(found)
    assert all(kept.values())
    UnknownLabels().add("am", kept)
    assert all(place["id"] for place in places(kept, [rule(label=name) for name in kept]))


def test_what_was_seen_is_counted_until_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNKNOWN", 2)
    seen = UnknownLabels()
    for labels in ({"a": "x"}, {"a": "x", "b": "y"}, {"c": "z", "a": "x"}, {"hid\u202eden": "x"}):
        seen.add("am", labels)
    assert seen.take() == [Unknown("am", "a", "x", 3), Unknown("am", "b", "y", 1)]
    assert seen.take() == []

    def add_many() -> None:
        for _ in range(500):
            seen.add("am", {"a": "x"})

    threads = [Thread(target=add_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen.take() == [Unknown("am", "a", "x", 2_000)]


def incidents(preset: str, text: str) -> tuple[MappedSource, list[dict[str, Any]]]:
    """The source, and the incidents that the preset's sample becomes."""
    source = MappedSource("alerts", rules(text.replace("NAME", preset), PRESETS)["alerts"])
    raw = files(OFFERED.package).joinpath("samples", f"{preset}.json").read_bytes()
    found = [
        one for one in source.read(Webhook("am", "", raw), ("incident.reported",), NOON) if isinstance(one, Incoming)
    ]
    assert found
    return source, [one.event.data for one in found]


@pytest.mark.parametrize("preset", ["alertmanager", "grafana", "pagerduty", "opsgenie", "incident-io"])
def test_every_preset_of_incidents_can_use_rules(preset: str) -> None:
    source, data = incidents(preset, FILE)
    assert source.rule.labels is not None
    # No rule of these knows the sample: what the preset itself says stands, and the labels are counted.
    assert data == incidents(preset, FILE.replace(", affects: ours", ""))[1]
    seen = source.unknown.take()
    assert seen or preset == "incident-io"
    for one in seen:
        known = f'{{label: "{one.label}", value: "{one.value}", kind: thing, id: it}}'
        text = f"affects:\n  ours:\n    - {known}\n{FILE[FILE.index('sources:') :]}"
        assert [{"kind": "thing", "id": "it"}] in [each["affects"] for each in incidents(preset, text)[1]]


def test_without_rules_labels_are_counted_where_nothing_is_hit() -> None:
    text = FILE.replace(", affects: ours", ", data: {affects: []}")
    source, data = incidents("alertmanager", text)
    assert [each["affects"] for each in data] == [[], []]
    assert {one.source for one in source.unknown.take()} == {"am"}
    source, data = incidents("alertmanager", FILE.replace(", affects: ours", ""))
    assert all(each["affects"] for each in data)
    assert source.unknown.take() == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("affects: ours}", "affects: theirs}", 7, "there are no rules 'theirs' under affects, there are ours"),
        ("extends: NAME", "extends: aftership", 7, "say with `labels` where the labels"),
        ("kind: region", "sort: region", 5, "sort: is no name that may stand here"),
        ('pattern: "checkout-*"', 'pattern: "*-*-*"', 4, "at most 2 stars"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, words: str) -> None:
    with pytest.raises(LocatedError, match=words.replace("*", r"\*")) as raised:
        rules(FILE.replace(old, new).replace("NAME", "alertmanager"), PRESETS)
    assert raised.value.line == line


def test_rules_may_stand_in_the_source_itself() -> None:
    text = (
        "sources:\n  alerts: {extends: alertmanager, service: delivery-svc, affects: [{label: severity, kind: how}]}\n"
    )
    assert [each["affects"] for each in incidents("alertmanager", text)[1]] == [[{"kind": "how", "id": "page"}]] * 2
