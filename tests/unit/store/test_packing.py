"""Outbox rows: every message once, in its place, in order."""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import IncidentReported, IncidentStatus, Message, decode, message
from candor.messaging.partitioner import partition_of
from candor.store.outbox import pack, unpack
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
    expected: dict[tuple[str, int], list[Message]] = defaultdict(list)
    for item in sent:
        number = partition_of(item.envelope.key.encode(), partitions if item.data.TOPIC != "incidents" else 1)
        expected[item.data.TOPIC, number].append(item)

    rows = pack(sent, partitions)

    found = {
        (row.topic, row.partition): [decode(row.topic, record.headers, record.value) for record in unpack(row.records)]
        for row in rows
    }
    assert found == expected
    assert len(rows) == len(found)


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


def test_incidents_lie_on_the_one_partition_of_their_topic() -> None:
    rows = pack([incident(f"i{number}", 1) for number in range(50)], 8)
    assert [(row.topic, row.partition, row.events) for row in rows] == [("incidents", 0, 50)]


def test_nothing_to_send_is_no_row() -> None:
    assert pack([], 4) == []


@given(st.binary(max_size=60))
def test_bytes_that_are_no_row_are_refused_and_never_taken_for_records(noise: bytes) -> None:
    try:
        records = unpack(noise)
    except msgspec.MsgspecError:
        return
    assert records == []


def test_a_cut_row_is_refused() -> None:
    (row,) = pack([made("p1")], 1)
    with pytest.raises(msgspec.DecodeError):
        unpack(row.records[:-1])
