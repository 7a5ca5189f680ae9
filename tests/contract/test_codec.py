"""Records decode to what was encoded; everything else is a typed ContractError and nothing but that."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import EVENTS, TOPICS, ContractError, CustomerErased, MilestoneReported, decode, encode, message
from candor.contracts.envelope import Record
from candor.contracts.golden import Example, examples

GOLDEN = list(examples())
NOW = datetime(2026, 11, 21, 12, 40, tzinfo=UTC)


def record(name: str = "candor.milestone.reported.v1.full") -> Example:
    return next(example for example in GOLDEN if example.name == name)


def with_header(example: Example, name: str, value: bytes | None) -> list[tuple[str, bytes]]:
    kept = [(key, old) for key, old in example.record.headers if key != name]
    return kept if value is None else [*kept, (name, value)]


def refused(topic: str, headers: list[tuple[str, bytes]], value: bytes | None) -> ContractError:
    with pytest.raises(ContractError) as caught:
        decode(topic, headers, value)
    assert caught.value.reason in ContractError.REASONS
    return caught.value


def test_every_event_has_a_golden_example() -> None:
    assert {example.name.rpartition(".")[0] for example in GOLDEN} == set(EVENTS)


@pytest.mark.parametrize("example", GOLDEN, ids=lambda example: example.name)
def test_golden_example_survives_a_round_trip(example: Example) -> None:
    decoded = decode(example.topic, example.record.headers, example.record.value)
    again = encode(decoded)
    assert dict(again.headers) == dict(example.record.headers)
    assert msgspec.json.decode(again.value) == msgspec.json.decode(example.record.value)
    assert again.key == example.record.key


@pytest.mark.parametrize("example", GOLDEN, ids=lambda example: example.name)
def test_unknown_optional_fields_and_headers_are_tolerated(example: Example) -> None:
    newer = msgspec.json.encode({**msgspec.json.decode(example.record.value), "added_later": {"deep": [1]}})
    headers = [*example.record.headers, ("ce_addedlater", b"x")]
    assert decode(example.topic, headers, newer) == decode(example.topic, example.record.headers, example.record.value)


@pytest.mark.parametrize("example", GOLDEN, ids=lambda example: example.name)
def test_a_missing_required_field_is_bad_data(example: Example) -> None:
    data = msgspec.json.decode(example.record.value)
    required = [
        field.name
        for field in msgspec.structs.fields(EVENTS[dict(example.record.headers)["ce_type"].decode()])
        if field.required
    ]
    for name in required:
        broken = msgspec.json.encode({key: value for key, value in data.items() if key != name})
        assert refused(example.topic, example.record.headers, broken).reason == "bad_data"


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("ce_specversion", None, "missing_attribute"),
        ("ce_id", None, "missing_attribute"),
        ("ce_version", None, "missing_attribute"),
        ("ce_specversion", b"0.3", "bad_attribute"),
        ("ce_version", b"0", "bad_attribute"),
        ("ce_version", b"two", "bad_attribute"),
        ("ce_time", b"yesterday", "bad_attribute"),
        ("ce_time", b"2026-11-21T12:40:07", "bad_attribute"),
        ("ce_subject", b"PR-1", "bad_attribute"),
        ("ce_id", b"\xff", "bad_attribute"),
        ("ce_type", b"candor.unheard.of.v1", "unknown_type"),
        ("ce_type", b"candor.milestone.reported.v9", "unsupported_version"),
        ("ce_type", b"candor.incident.reported.v1", "wrong_topic"),
    ],
)
def test_a_bad_attribute_is_named(header: str, value: bytes | None, reason: str) -> None:
    example = record()
    assert refused(example.topic, with_header(example, header, value), example.record.value).reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no_data"),
        (b"", "no_data"),
        (b"{", "bad_data"),
        (b"[]", "bad_data"),
        (b"\xff\xfe", "bad_data"),
        (b'{"at": 12}', "bad_data"),
        (b"[" * 100_000, "bad_data"),
    ],
)
def test_bad_data_is_typed(value: bytes | None, reason: str) -> None:
    example = record()
    assert refused(example.topic, example.record.headers, value).reason == reason


def test_a_value_that_a_later_release_may_write_is_told_from_bad_data() -> None:
    example = record()
    newer = json.loads(example.record.value) | {"status": "postponed"}
    found = refused(example.topic, example.record.headers, json.dumps(newer).encode())
    assert found.reason == "unknown_value"


@given(
    st.binary(max_size=200),
    st.lists(st.tuples(st.sampled_from(["ce_id", "ce_type", "ce_time", "x"]), st.binary(max_size=20)), max_size=6),
)
def test_garbage_never_raises_anything_else(value: bytes, headers: list[tuple[str, bytes]]) -> None:
    refused("milestones", headers, value)
    refused("milestones", [*record().record.headers, *headers, ("ce_time", b"not a time")], value)


@given(st.text(min_size=1, max_size=40), st.integers(min_value=1, max_value=2**62), st.booleans())
def test_the_envelope_survives(customer: str, version: int, historical: bool) -> None:
    sent = message("e1", "/promise-svc", NOW, customer, version, CustomerErased(customer), historical=historical)
    encoded = encode(sent)
    assert decode("promises", encoded.headers, encoded.value) == sent


def test_a_naive_time_is_refused_when_sending() -> None:
    with pytest.raises(ValueError, match="zone"):
        message("e1", "/promise-svc", NOW.replace(tzinfo=None), "c1", 1, CustomerErased("c1"))


def test_topic_cards_agree_with_the_events() -> None:
    for card in TOPICS.values():
        assert all(card.name == event.TOPIC for event in card.events)
        assert all(event.AGGREGATE in event.__struct_fields__ for event in card.events)
        assert card.owner not in card.consumers or card.name == "gaps"
    assert MilestoneReported.TOPIC in TOPICS


def test_no_contract_carries_an_address() -> None:
    """Contacts travel sealed; anything named like an address elsewhere would leak into logs and dead letters."""
    for event in EVENTS.values():
        assert not {"email", "address", "phone"} & set(event.__struct_fields__)


def test_records_are_plain_bytes() -> None:
    encoded = encode(message("e1", "/x", NOW, "c", 1, CustomerErased("c")))
    assert isinstance(encoded, Record)
    assert all(isinstance(value, bytes) for _, value in encoded.headers)


@pytest.mark.parametrize("name", ["ce_id", "ce_time", "ce_version", "ce_partitionkey", "traceparent"])
def test_a_header_without_a_value_is_a_bad_attribute(name: str) -> None:
    example = record()
    headers = [*with_header(example, name, None), (name, None)]
    assert (
        refused(example.topic, cast(list[tuple[str, bytes]], headers), example.record.value).reason == "bad_attribute"
    )


@given(st.integers(-(10**9), 10**9), st.integers(0, 999_999), st.integers(-1439, 1439))
def test_times_of_any_zone_are_written_in_utc(seconds: int, micros: int, zone: int) -> None:
    utc = NOW + timedelta(seconds=seconds, microseconds=micros)
    time = utc.astimezone(timezone(timedelta(minutes=zone)))
    record = encode(message("e1", "/test", time, "c1", 1, CustomerErased("c1")))
    assert dict(record.headers)["ce_time"].decode() == utc.isoformat()
    assert decode("promises", record.headers, record.value).envelope.time == utc
