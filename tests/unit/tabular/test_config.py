"""FILE.map.yaml: what is said once holds everywhere, and what is left open is named."""

from __future__ import annotations

from typing import Any

import pytest

from candor.intake.mapped.config import Taken
from candor.intake.mapped.located import LocatedError
from candor.tabular.config import TableMap, filled, read_map
from candor.tabular.desk import shapes

HEAD = "zone: Europe/Berlin\nexported_at: 2026-11-30T08:00:00Z\n"
RULE = """events:
  - type: promise.made
    id: {from: item.order, as: text}
    time: {from: item.ordered, time: dmy}
    data:
      promise_id: item.order
      customer_id: item.customer
      kind: {value: install}
      what: item.what
      due: {from: item.due, time: mdy, zone: America/New_York}
      requested_due: {from: item.wish, time: seconds}
      value: {from: item.amount, as: number}
      tolerance_s: {from: item.tolerance, as: number, decimal: "."}
      milestones:
        - {name: {value: delivered}, planned: {from: item.planned, time: ymd, at: "12:00"}}
      labels: {since: {from: item.since, time: excel}, weight: {from: item.weight, as: number}}
"""


def read(text: str) -> TableMap:
    return read_map(text.encode(), shapes())


def taken(value: Any) -> Taken:
    assert isinstance(value, Taken)
    return value


def test_the_zone_holds_for_all_times_that_name_none() -> None:
    (rule,) = read(HEAD + RULE).events
    data: dict[str, Any] = rule.data
    assert taken(rule.time).zone == "Europe/Berlin"
    assert taken(data["due"]).zone == "America/New_York"
    assert taken(data["requested_due"]).zone is None
    assert taken(data["milestones"][0]["planned"]).zone == "Europe/Berlin"
    assert taken(data["labels"]["since"]).zone == "Europe/Berlin"
    assert taken(rule.id).zone is None


@pytest.mark.parametrize("sign", [".", ","])
def test_the_decimal_sign_holds_for_all_numbers_that_name_none(sign: str) -> None:
    (rule,) = read(f'{HEAD}decimal: "{sign}"\n{RULE}').events
    data: dict[str, Any] = rule.data
    assert taken(data["value"]).decimal == sign
    assert taken(data["labels"]["weight"]).decimal == sign
    assert taken(data["tolerance_s"]).decimal == "."


def test_what_is_not_said_is_what_most_tables_have() -> None:
    found = read(HEAD + RULE)
    assert (found.decimal, found.empty, found.sheet, found.ignore) == (".", [], "", None)
    assert found.exported.isoformat() == "2026-11-30T08:00:00+00:00"


def test_filling_twice_changes_nothing() -> None:
    found = read(HEAD + RULE)
    assert filled(found) == found


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("zone: ???", "zone"),
        ("zone: '???'", "zone"),
        ('zone: "???"   # of times', "zone"),
        ("      due: {from: item.due, time: ???, at: '23:59'}", "due"),
        ("      due: {from: item.due, at: '23:59', time: '???'}", "due"),
        ("      status: {from: item.s, map: {a: reached, b: '???'}}", "status"),
        ("  - type: ???", "type"),
    ],
)
def test_what_is_left_open_is_named_with_its_line(line: str, name: str) -> None:
    with pytest.raises(LocatedError, match=f"^line 3: {name} is left open") as raised:
        read(f"# a mapping\n\n{line}\n")
    assert raised.value.line == 3


@pytest.mark.parametrize(
    "line",
    [
        "# zone: ???",
        "zone: Europe/Berlin  # was ???",
        "      what: 'item.\"???\"'",
        "      what: {value: what???}",
        '      what: {value: "??? or so"}',
    ],
)
def test_other_question_marks_leave_nothing_open(line: str) -> None:
    with pytest.raises(LocatedError) as raised:
        read(f"{line}\n")
    assert "left open" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (RULE, 1, "zone is missing"),
        (HEAD, 1, "events is missing"),
        (HEAD + "events: []\n", 3, "must not be empty"),
        (HEAD + "sheet: 7\n" + RULE, 3, "must be a text"),
        (HEAD + "empty: TBD\n" + RULE, 3, "must be a list"),
        (HEAD + "ignore: item.x ==\n" + RULE, 3, "no JMESPath expression"),
        (HEAD.replace("2026-11-30T08:00:00Z", "2026-11-30 08:00") + RULE, 2, "must carry a zone"),
        (HEAD.replace("2026-11-30T08:00:00Z", "1890-11-30T08:00:00Z") + RULE, 2, "between the years"),
        (HEAD + RULE.replace("time: mdy", "time: mdy, hour: 12"), 12, "hour: is no name that may stand here"),
        (HEAD + RULE.replace("tolerance_s", "tolerance"), 15, "promise.made has no such field"),
        (HEAD + HEAD + RULE, 3, "'zone' stands here twice"),
        ("zone: !!python/object:os.system Europe/Berlin\n", 1, "is not read here"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(LocatedError) as raised:
        read(text)
    assert said in str(raised.value)
    assert raised.value.line == line, str(raised.value)
