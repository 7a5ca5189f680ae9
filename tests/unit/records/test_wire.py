"""Record batches: what goes in comes out, what is damaged is refused, what is sent differs in its header alone."""

from __future__ import annotations

import time

import pytest
from aiokafka.record.default_records import DefaultRecordBatch
from hypothesis import example, given
from hypothesis import strategies as st

from candor.contracts import Record
from candor.records.wire import LARGEST_BATCH, PackedBatch, Packer, UnreadableError, read

headers = st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=300)), max_size=12)
records = st.lists(st.builds(Record, st.binary(max_size=200), st.binary(max_size=9_000), headers), max_size=40)


def packed(items: list[Record]) -> bytes:
    packer = Packer()
    for item in items:
        assert packer.add(item)
    assert packer.count == len(items)
    return packer.packed()


SOME = [Record(b"c1", b'{"a": %d}' % number, [("ce_id", b"e%d" % number)]) for number in range(100)]


@given(records)
@example([])
@example([Record(b"", b"", [])])
@example([Record(b"k", b"v" * length, [("h", b"")]) for length in (63, 64, 65, 8191, 8192, 8193)])
def test_what_goes_in_comes_out(items: list[Record]) -> None:
    assert read(packed(items)) == items


@given(records.filter(bool), st.data())
def test_any_damage_is_refused(items: list[Record], data: st.DataObject) -> None:
    batch = packed(items)
    at = data.draw(st.integers(0, len(batch) - 1))
    if at in {*range(8), *range(12, 16)}:
        return  # the broker's own: where the batch lies, and under which leader
    harmed = bytearray(batch)
    harmed[at] ^= data.draw(st.integers(1, 255))
    for act in (read, PackedBatch):
        with pytest.raises(UnreadableError):
            act(bytes(harmed))


@given(st.integers(0, len(packed(SOME)) - 1))
def test_a_cut_batch_is_refused(length: int) -> None:
    for act in (read, PackedBatch):
        with pytest.raises(UnreadableError):
            act(packed(SOME)[:length])


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(noise)


def test_a_batch_ends_before_it_is_too_large_but_takes_any_first_record() -> None:
    packer = Packer()
    while packer.add(Record(b"c1", b"x" * 1_000, [])):
        pass
    assert LARGEST_BATCH - 2_000 < len(packer.packed()) <= LARGEST_BATCH
    large = Record(b"c1", b"x" * 3 * LARGEST_BATCH, [])
    packer = Packer()
    assert packer.add(large)
    assert not packer.add(SOME[0])
    assert read(packer.packed()) == [large]


def test_what_is_sent_has_the_sender_s_number_and_the_system_s_time() -> None:
    batch = packed(SOME)
    before = int(time.time() * 1000)
    ready = PackedBatch(batch)
    after = int(time.time() * 1000)
    ready._set_producer_state(77, 3, 1_000)

    sent = ready._build()

    seen = DefaultRecordBatch(sent)
    assert seen.validate_crc()
    assert (seen.producer_id, seen.producer_epoch, seen.base_sequence) == (77, 3, 1_000)
    assert before <= seen.first_timestamp == seen.max_timestamp <= after
    assert (seen.base_offset, seen.next_offset) == (0, 100)
    found = list(seen)
    assert [(one.key, one.value, one.headers) for one in found] == [(one.key, one.value, one.headers) for one in SOME]
    assert [one.offset for one in found] == list(range(100))
    assert {one.timestamp for one in found} == {seen.first_timestamp}
    assert sent[61:] == batch[61:], "records as they were committed"


def test_a_second_try_sends_the_very_same_bytes() -> None:
    ready = PackedBatch(packed(SOME))
    ready._set_producer_state(1, 0, 0)
    assert ready._build() is ready._build()


def test_a_batch_on_its_way_is_full() -> None:
    ready = PackedBatch(packed(SOME))
    assert ready.count == ready.record_count() == 100
    assert ready.size() == len(packed(SOME))
    assert ready.closed() and ready.close() is ready
    assert not ready.add(SOME[0])
    ready.append(timestamp=None, key=b"k", value=b"v", headers=[])
    assert ready.record_count() == 100
