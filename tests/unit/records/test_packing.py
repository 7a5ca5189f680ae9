"""Outbox rows: every message once, in its place, in order."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import IncidentReported, IncidentStatus, Message, decode, message
from candor.records.packing import Row, pack, repack, unpack
from candor.records.partitioner import partition_of
from candor.records.wire import LARGEST_BATCH
from tests.support.foundation import NOON, contact, erased, made, revised

ids = st.from_regex(r"[A-Za-z0-9._:-]{1,12}", fullmatch=True)


def incident(incident_id: str, version: int) -> Message:
    data = IncidentReported(
        incident_id=incident_id,
        status=IncidentStatus.OPENED,
        severity=0.5,
        category="weather",
        title="Snow",
        affects=[],
        opened_at=NOON,
        source="weather",
        source_event="w1",
    )
    return message(f"{incident_id}.{version}", "delivery-svc", NOON, incident_id, version, data)


messages = st.lists(
    st.one_of(
        st.builds(made, ids, ids, st.integers(1, 9)),
        st.builds(revised, ids, ids, st.integers(1, 9)),
        st.builds(contact, ids, st.integers(1, 9)),
        st.builds(erased, ids),
        st.builds(incident, ids, st.integers(1, 9)),
    ),
    max_size=40,
)


@given(messages, st.integers(1, 7))
def test_every_message_is_in_exactly_one_row_and_in_order(sent: list[Message], partitions: int) -> None:
    rows = pack(sent, partitions)

    assert unpacked(rows) == placed(sent, partitions)
    assert len(rows) == len(unpacked(rows)), "few messages need one row a place"


def test_a_row_is_at_most_one_batch_and_order_goes_on_in_the_next() -> None:
    sent = [made(f"p{number}", f"c{number % 5}", what="x" * (number % 997)) for number in range(4_000)]

    rows = pack(sent, 2)

    assert unpacked(rows) == placed(sent, 2)
    assert len(rows) > 4
    assert all(len(row.records) <= LARGEST_BATCH for row in rows)
    full = [row for row in rows if len(row.records) > 0.9 * LARGEST_BATCH]
    assert len(full) >= len(rows) - 2, "only the last row of a place may be small"


def test_a_message_larger_than_a_batch_has_a_row_of_its_own() -> None:
    big = made("big", what="x" * 2 * LARGEST_BATCH)
    rows = pack([made("p1"), big, made("p2")], 1)
    assert [row.events for row in rows] == [1, 1, 1]
    assert unpacked(rows) == placed([made("p1"), big, made("p2")], 1)


@given(messages, st.integers(1, 7))
def test_a_row_knows_its_count_and_its_keys(sent: list[Message], partitions: int) -> None:
    for row in pack(sent, partitions):
        records = unpack(row.records)
        assert row.events == len(records) > 0
        assert set(row.keys) == {record.key.decode() for record in records}
        assert len(row.keys) == len(set(row.keys))
        # What erase relies on: a row's keys live on the row's own partition, or on the only one of its topic.
        places = {partition_of(key.encode(), partitions) for key in row.keys}
        assert row.topic == "incidents" or places == {row.partition}


@given(messages, st.data())
def test_what_is_left_of_a_row_is_a_row(sent: list[Message], data: st.DataObject) -> None:
    for row in pack(sent, 1):
        records = unpack(row.records)
        kept = [record for record in records if data.draw(st.booleans())] or records
        again = repack(kept, row.topic, row.partition)
        assert unpack(again.records) == kept
        assert (again.topic, again.partition, again.events) == (row.topic, row.partition, len(kept))
        assert set(again.keys) == {record.key.decode() for record in kept}


def test_more_than_a_row_holds_is_refused() -> None:
    rows = pack([made(f"p{number}", "c1", what="x" * 400_000) for number in range(2)], 1)
    records = [record for row in rows for record in unpack(row.records)]
    with pytest.raises(ValueError, match="more records"):
        repack(records)


def test_incidents_lie_on_the_one_partition_of_their_topic() -> None:
    rows = pack([incident(f"i{number}", 1) for number in range(50)], 8)
    assert [(row.topic, row.partition, row.events) for row in rows] == [("incidents", 0, 50)]


def test_nothing_to_send_is_no_row() -> None:
    assert pack([], 4) == []


def placed(sent: list[Message], partitions: int) -> dict[tuple[str, int], list[Message]]:
    found: dict[tuple[str, int], list[Message]] = defaultdict(list)
    for item in sent:
        number = partition_of(item.envelope.key.encode(), partitions if item.data.TOPIC != "incidents" else 1)
        found[item.data.TOPIC, number].append(item)
    return found


def unpacked(rows: list[Row]) -> dict[tuple[str, int], list[Message]]:
    found: dict[tuple[str, int], list[Message]] = defaultdict(list)
    for row in rows:
        found[row.topic, row.partition] += [
            decode(row.topic, record.headers, record.value) for record in unpack(row.records)
        ]
    return found
