"""Our lead times beside stated ones: those of the same promise type whose labels are all that is stated."""

from __future__ import annotations

from typing import Any

from risk_svc.insight.competitors import Stated, Took, compared

LABELS: dict[str, Any] = {"place": "berlin", "express": True}


def took(count: int, kind: str = "install", actual: float = 12.0, **labels: Any) -> list[Took]:
    return [Took(kind, labels, 10.0 + number % 3, actual + number % 5) for number in range(count)]


def one(stated: Stated, *several: list[Took]) -> dict[str, Any]:
    [row] = compared([stated], [each for some in several for each in some])
    assert row.name == stated.lead_time_id
    return row.body


def test_only_promises_of_the_type_with_all_labels_count_whatever_else_they_have() -> None:
    ours = took(40, **LABELS, crew="north")
    others = [took(9, "repair", **LABELS), took(9, place="berlin"), took(9, place="berlin", express=False), took(9)]
    found = one(Stated("lt1", "install", LABELS, 10.0), ours, *others)
    assert found["actual_typical"] == {"value": 14.0, "low": 13.0, "high": 15.0, "n": 40}
    assert found["promised_typical"]["value"] == 11.0
    assert [found[f"actual_{part}"]["n"] for part in ("low", "high")] == [40, 40]
    assert found["beside"] == "longer"


def test_without_labels_all_of_the_type_count() -> None:
    assert one(Stated("lt1", "install", {}, 10.0), took(15), took(15, place="x"))["actual_typical"]["n"] == 30


def test_of_too_few_nothing_is_stated() -> None:
    found = one(Stated("lt1", "install", {}, 10.0), took(19))
    assert (found["actual_typical"]["value"], found["actual_typical"]["n"]) == (None, 19)
    assert found["beside"] == "too_little_history"
    assert one(Stated("lt1", "none", {}, 10.0), took(40))["promised_high"] == {
        "value": None,
        "low": None,
        "high": None,
        "n": 0,
    }


def test_shorter_and_unclear() -> None:
    ours = took(60)
    assert one(Stated("lt1", "install", {}, 20.0), ours)["beside"] == "shorter"
    assert one(Stated("lt1", "install", {}, 14.0), ours)["beside"] == "unclear"
