"""Rows become events, or say which column is wrong and why."""

from __future__ import annotations

import pytest

from candor.intake.mapped.located import LocatedError
from candor.replay.stream import StreamEvent
from candor.tabular.converting import Converter, Fault
from candor.tabular.rows import Row
from tests.unit.tabular.tables import COLUMNS, MAP, SO_1, converter, table_map


def row(number: int = 2, **changed: str) -> Row:
    cells = dict(zip(COLUMNS, SO_1, strict=True)) | {name.replace("_", " "): cell for name, cell in changed.items()}
    return Row(number, {name: cell for name, cell in cells.items() if cell})


def events(found: list[StreamEvent] | Fault) -> list[StreamEvent]:
    assert not isinstance(found, Fault), found
    return found


def fault(found: list[StreamEvent] | Fault) -> Fault:
    assert isinstance(found, Fault)
    return found


def test_a_row_becomes_its_events() -> None:
    made, done = events(converter().events(row()))
    assert (made.type, made.time.isoformat()) == ("promise.made", "2026-03-01T00:00:00+01:00")
    assert made.data == {
        **{"promise_id": "SO-1", "customer_id": "acme", "kind": "install", "what": "Espresso machine"},
        **{"due": "2026-03-10T16:00:00+01:00", "value": 1234.5, "labels": {"region": "north"}},
    }
    assert (done.type, done.data["at"], done.data["final"]) == ("milestone.reported", "2026-03-11T12:00:00+01:00", True)


def test_ids_come_of_what_is_said_and_not_of_where_it_stands() -> None:
    first, second = (events(converter().events(row(number))) for number in (2, 70_000))
    assert [event.id for event in first] == [event.id for event in second]
    assert len({event.id for event in first}) == 2
    other = events(converter().events(row(what="Grinder")))
    assert other[0].id != first[0].id
    assert other[1].id == first[1].id


def test_an_id_of_its_own_is_kept() -> None:
    text = MAP.replace("    when: item.order\n", "    when: item.order\n    id: join('.', [item.order, 'made'])\n")
    assert events(converter(text).events(row()))[0].id == "SO-1.made"
    nothing = converter(text.replace("join('.', [item.order, 'made'])", "item.crew"))
    assert fault(nothing.events(row())) == Fault(2, "crew", "id: selects nothing that could be an id")


NO_TIME = "must be a time (dmy): check `time` and `zone`"
UNFIT = "must not contain control, text-direction, hidden or unassigned characters"


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"ordered": "31.02.2026"}, "ordered", f"time: {NO_TIME}; it says '31.02.2026'"),
        ({"promised_for": "asap"}, "promised for", f"due: {NO_TIME}; it says 'asap'"),
        ({"amount": "much"}, "amount", "value: must be a number; it says 'much'"),
        ({"amount": "-1"}, "amount", "value: Input should be greater than or equal to 0; it says '-1'"),
        ({"customer": ""}, "customer", "customer_id: is missing"),
        ({"customer": "TBD"}, "customer", "customer_id: is missing; it says 'TBD'"),
        ({"what": "a\x00b'"}, "what", f'what: {UNFIT}; it says "a\\x00b\'"'),
        ({"what": "a\u202eb"}, "what", f"what: {UNFIT}; it says 'a\\u202eb'"),
        ({"region": "x" * 5_000}, "region", f"labels.region: must be at most 4096 bytes; it says '{'x' * 79}…'"),
    ],
)
def test_a_wrong_cell_is_named_with_its_column_and_reason(changed: dict[str, str], column: str, reason: str) -> None:
    assert fault(converter().events(row(17, **changed))) == Fault(17, column, reason)


def test_all_that_is_wrong_of_a_row_is_said_at_once_and_nothing_of_it_taken() -> None:
    found = fault(converter().events(row(amount="much", delivered="yesterday")))
    assert found.column == "amount, delivered"
    assert found.reason.startswith("value: must be a number; it says 'much'; at: must be a time")
    assert found.reason.endswith("it says 'yesterday'")


@pytest.mark.parametrize(
    ("before", "after", "cells", "reason"),
    [
        ("{value: reached}", "{from: item.crew, map: {done: reached}}", "gone", "the mapping has nothing for 'gone'"),
        ("{value: reached}", "item.crew", "gone", "; it says 'gone'"),
        (
            "value: {from: item.amount, as: number}",
            "currency: item.crew",
            "???",
            "ISO 4217 code, such as EUR; it says '???'",
        ),
    ],
)
def test_a_wrong_status_or_currency_is_shown(before: str, after: str, cells: str, reason: str) -> None:
    assert before in MAP
    found = fault(converter(MAP.replace(before, after)).events(row(crew=cells)))
    assert (found.column, found.reason.count(cells)) == ("crew", 1)
    assert found.reason.endswith(reason)


def test_a_promise_without_its_date_is_sent_as_it_is() -> None:
    for said in ("", "TBD", "tbd"):
        (made, _done) = events(converter().events(row(promised_for=said)))
        assert "due" not in made.data


def test_rows_that_no_rule_knows_are_faults_unless_left_out() -> None:
    nobody = row(order="", delivered="")
    assert fault(converter().events(nobody)).reason == "no `when` of the mapping holds for this row"
    assert converter(MAP + "ignore: not_null(item.order) == `null`\n").events(nobody) == []
    assert converter("ignore: item.region == 'north'\n" + MAP).events(row()) == []


def test_rows_that_say_nothing_and_rows_with_a_fault() -> None:
    assert converter().events(Row(3, {"order": "TBD"})) == []
    assert fault(converter().events(Row(4, {}, "has 9 cells"))) == Fault(4, "", "has 9 cells")
    wrong = MAP.replace("when: item.order", "when: length(item.order) > `2`")
    assert fault(converter(wrong).events(Row(5, {"order": 12}))).reason.startswith("when: ")


def test_numbers_of_a_workbook_are_no_texts_with_commas() -> None:
    cells = row().cells | {"amount": 1234.5, "order": 17.0}
    made, _done = events(converter().events(Row(2, cells)))
    assert (made.data["value"], made.data["promise_id"]) == (1234.5, "17")


def test_what_is_shown_only_may_miss_something() -> None:
    shown = Converter(table_map(), {}, checked=False)
    assert events(shown.events(row(customer="")))[0].data["promise_id"] == "SO-1"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("zone: Europe/Berlin", "zone: ???", "line 2: zone is left open: write what it is in place of ???"),
        ("item.what", "'???'", "line 14: what is left open"),
        ("zone: Europe/Berlin", "zone: Berlin", "line 2: zone: must be an IANA zone"),
        ("2026-11-30T08:00:00Z", "yesterday", "line 3: exported_at: must be a date and time"),
        ("promise.made", "promise.kept", "line 7: events.0.type: there is no event 'promise.kept'"),
        ("      what: item.what\n", "", "promise.made needs what as well"),
        ("item.what", "item.what[", "line 14: events.0.data.what: no JMESPath expression"),
        ("as: number", "as: numbers", "line 16: events.0.data.value.as"),
        ('decimal: ","', 'decimal: ";"', "line 4: decimal"),
        ("events:", "sheets: [a]\nevents:", "sheets: is no name that may stand here"),
    ],
)
def test_a_wrong_mapping_names_the_line(old: str, new: str, said: str) -> None:
    with pytest.raises(LocatedError) as raised:
        table_map(MAP.replace(old, new, 1))
    assert said in str(raised.value)


def test_a_promise_may_be_mapped_without_a_date() -> None:
    assert "due" not in table_map(MAP.replace('      due: {from: item."promised for", time: dmy}\n', "")).events[0].data
