"""Factors of kept promises: what is planted is found, what is not is not, and a checklist is judged by later ones."""

from __future__ import annotations

import numpy as np
import pytest

from risk_svc.insight import worked
from risk_svc.insight.worked import DAY, Ended, newest, tried


def promises(many: int, *, helps: float, seed: int = 3) -> list[Ended]:
    """Promises of which half are accepted by their deliverer; those are kept `helps` more often than .5."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(many):
        accepted, region = bool(random.random() < 0.5), "north" if random.random() < 0.5 else "south"
        made = number * DAY
        found.append(
            Ended(
                kind="install",
                kept=bool(random.random() < 0.5 + helps * accepted),
                made=made,
                first=made + random.integers(1, 9) * DAY,
                requested=None,
                ended=made + 5 * DAY,
                owner=True,
                deliverer=True,
                accepted=accepted,
                valued=bool(random.random() < 0.5),
                steps=int(random.integers(0, 5)),
                labels={"region": region, "order": number},
            )
        )
    return found


def test_a_factor_that_helps_is_found_and_others_are_not() -> None:
    found = tried(promises(2_000, helps=0.3))
    rows = {row.name: row.body for row in found["factor"]}
    assert found["factor"][0].name == "its deliverer has accepted"
    assert [name for name, body in rows.items() if body["holds"]] == ["its deliverer has accepted"]
    lift = rows["its deliverer has accepted"]["lift"]
    assert lift["low"] < 0.8 / 0.5 < lift["high"]
    # Of a label with two values one is tried.
    assert len({"region is north", "region is south"} & rows.keys()) == 1
    assert not any(name.startswith("order") for name in rows)
    # All have an owner: there is nothing to compare it with.
    assert (rows["has an owner"]["q"], rows["has an owner"]["lift"]["value"]) == (None, None)


def test_the_checklist_is_judged_by_promises_made_later() -> None:
    [row] = tried(promises(3_000, helps=0.3))["checklist"]
    assert row.body["items"] == ["its deliverer has accepted"]
    assert row.body["with_all"]["low"] > row.body["without"]["high"]
    assert row.body["with_all"]["n"] + row.body["without"]["n"] == 1_200
    assert row.body["since"].startswith("1974")


def test_where_nothing_helps_nothing_holds() -> None:
    found = tried(promises(1_000, helps=0.0))
    assert [row.name for row in found["factor"] if row.body["holds"]] == []
    assert found["checklist"][0].body["items"] == []


def test_without_promises_there_is_too_little_history() -> None:
    found = tried([])
    assert all(row.body["lift"]["value"] is None for row in found["factor"])
    assert found["checklist"][0].body["lift"]["value"] is None


def test_values_of_labels_are_named_as_they_were_sent() -> None:
    values = [True, False, "True", 3]
    some = [one._replace(labels={"survey": values[at % 4]}) for at, one in enumerate(promises(400, helps=0.3))]
    names = {row.name for row in tried(some)["factor"] if row.name.startswith("survey")}
    assert names == {"survey is true", "survey is false", "survey is True", "survey is 3"}


def test_overdue_promises_are_said_beside_each_figure() -> None:
    some = promises(3_000, helps=0.3)
    late = [one._replace(open=not one.kept and at % 3 == 0) for at, one in enumerate(some)]
    found, plain = tried(late), tried(some)
    rows = {row.name: row.body["lift"] for row in found["factor"]}
    assert rows["its deliverer has accepted"]["open"] == sum(one.open for one in late)
    assert [row.name for row in found["factor"]] == [row.name for row in plain["factor"]]
    [judged] = found["checklist"]
    parts = [judged.body[part]["open"] for part in ("with_all", "without")]
    assert sum(parts) == judged.body["lift"]["open"] == sum(one.open for one in late[1_800:])
    assert min(parts) > 0


def test_of_too_many_those_count_that_ended_last(monkeypatch: pytest.MonkeyPatch) -> None:
    some = promises(50, helps=0.0)
    assert newest(some[::2] + some[1::2]) == some[::-1]
    monkeypatch.setattr(worked, "MOST", 20)
    assert newest(some) == some[:29:-1]
    assert newest([]) == []


def test_the_order_of_promises_changes_nothing() -> None:
    some = promises(500, helps=0.3)
    assert tried(some) == tried(some[::-1])
