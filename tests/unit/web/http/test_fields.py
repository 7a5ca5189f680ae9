"""Field types refuse what the database, a mail header or a reader would choke on."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from candor.web.http.body import convert, parse
from candor.web.http.fields import (
    Amount,
    Body,
    Currency,
    Email,
    Id,
    Labels,
    Moment,
    Name,
    Seconds,
    Share,
    Text,
    Zone,
    not_ahead,
    zones,
)
from candor.web.http.problems import Problem

NOW = datetime(2013, 3, 8, 12, tzinfo=UTC)


class Kind(StrEnum):
    FLIGHT = "flight"
    REPAIR = "repair"


class Step(Body):
    name: Name
    planned: Moment | None = None


class Thing(Body):
    id: Id
    kind: Kind = Kind.FLIGHT
    what: Text = ""
    title: Name = "x"
    at: Moment = NOW
    steps: Annotated[list[Step], Field(max_length=100)] = []
    tolerance_s: Seconds = 0
    severity: Share = 0
    value: Amount | None = None
    currency: Currency = "EUR"
    zone: Zone = "UTC"
    email: Email = "a@example.com"
    labels: Labels = {}
    told: bool = False


def thing(**fields: Any) -> Thing:
    return parse(Thing, msgspec.json.encode({"id": "t-1"} | fields))


def refused(code: str = "invalid_field", /, **fields: Any) -> list[str | None]:
    with pytest.raises(Problem) as caught:
        thing(**fields)
    assert (caught.value.status, caught.value.code) == (422, code)
    return [error.pointer for error in caught.value.errors]


def test_a_missing_field_is_named() -> None:
    with pytest.raises(Problem) as caught:
        parse(Thing, b"{}")
    assert [(error.pointer, error.detail) for error in caught.value.errors] == [("/id", "is missing")]


@pytest.mark.parametrize("text", ["a\0b", "\x07", "a\x1bb", "\x7f", "\x85", "a\u202eb", "\u2066", "\u200f"])
def test_control_and_direction_characters_are_refused(text: str) -> None:
    assert refused(what=text) == ["/what"]
    assert refused(title=text) == ["/title"]


@pytest.mark.parametrize("text", ["one\nline", "one\tline", "one\u2028line", "\ufeffone\vline"])
def test_a_name_is_one_line(text: str) -> None:
    assert thing(title=text).title == "one line"


def test_text_may_have_lines_and_any_script() -> None:
    text = "Zürich → 東京\n\tнавсегда 🛫 ‍"
    assert thing(what=text).what == text


@pytest.mark.parametrize("text", ["", " ", "\u00a0"])
def test_a_name_is_not_blank(text: str) -> None:
    assert refused(title=text) == ["/title"]


def test_text_is_limited_in_bytes_not_characters() -> None:
    assert thing(what="x" * 4096)
    assert thing(what="é" * 2048)
    assert refused(what="x" * 4097) == ["/what"]
    assert refused(what="é" * 2049) == ["/what"]
    assert refused(what="🛫" * 1025) == ["/what"]


@pytest.mark.parametrize(
    "text",
    [
        "2013-03-08T12:00:00",
        "2013-03-08",
        "1362744000",
        "2013-02-30T12:00:00Z",
        "2013-03-08T24:00:01Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z",
        "now",
        "",
        "2013-03-08T12:00:00Z\n",
        "٢٠١٣-03-08T12:00:00Z",
    ],
)
def test_a_moment_is_aware_and_of_our_time(text: str) -> None:
    assert refused(at=text) == ["/at"]


@pytest.mark.parametrize("value", [1362744000, 1362744000.5, True, None, [], {}])
def test_a_moment_is_text(value: Any) -> None:
    assert refused(at=value) == ["/at"]


@pytest.mark.parametrize(
    "text", ["2013-03-08T12:00:00Z", "2013-03-08T07:00:00-05:00", "2013-03-08 12:00Z", "2013-03-08t12:00:00.000000z"]
)
def test_a_moment_is_kept_in_utc(text: str) -> None:
    moment = thing(at=text).at
    assert moment == NOW
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("value", [True, "1", 1.5, -1, 315_360_001, 10**30, None])
def test_seconds_are_whole_and_bounded(value: Any) -> None:
    assert refused(tolerance_s=value) == ["/tolerance_s"]


@pytest.mark.parametrize("value", [True, "1", -0.01, -1, 1e16])
def test_an_amount_is_a_number_not_below_zero(value: Any) -> None:
    assert refused(value=value) == ["/value"]


@pytest.mark.parametrize("value", [1.01, -0.1, True, "0.5", None])
def test_a_share_lies_between_zero_and_one(value: Any) -> None:
    assert refused(severity=value) == ["/severity"]


@pytest.mark.parametrize("value", [0, 1, "true", "yes"])
def test_true_and_false_are_not_numbers_or_text(value: Any) -> None:
    assert refused(told=value) == ["/told"]


@pytest.mark.parametrize("code", ["XXX", "eur", "EURO", "€", "", "XAU"])
def test_unknown_currencies_are_refused(code: str) -> None:
    assert refused(currency=code) == ["/currency"]


@pytest.mark.parametrize(
    "zone",
    ["Mars/Olympus", "europe/berlin", "../../etc/passwd", "", "UTC\n", "+01:00", "Factory", "localtime", "posixrules"],
)
def test_unknown_zones_are_refused(zone: str) -> None:
    assert refused(zone=zone) == ["/zone"]


@given(st.sampled_from(sorted(zones())))
def test_every_zone_of_the_database_is_taken(zone: str) -> None:
    assert thing(zone=zone).zone == zone


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "a@b",
        "a@example.com, b@example.com",
        "a@example.com,b@example.com",
        "a@example.com;b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\n",
        "A <a@example.com>",
        "a@exam ple.com",
        "a@@example.com",
        ".a@example.com",
        "a..b@example.com",
        "a@example.com.",
        "a@-example.com",
        "a@[127.0.0.1]",
        '"a b"@example.com',
        "=?utf-8?q?=0a?=@example.com",
        "é@example.com",
        "a\0@example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 250 + ".com",
        "",
    ],
)
def test_an_address_is_one_plain_address(address: str) -> None:
    assert refused(email=address) == ["/email"]


@pytest.mark.parametrize("address", ["a@example.com", "a.b+c_d@mail.example.co.uk", "x'y@xn--bcher-kva.example"])
def test_usual_addresses_are_taken(address: str) -> None:
    assert thing(email=address).email == address


@pytest.mark.parametrize("text", ["", " ", "a b", "a/b", "é", "a\nb", "a" * 129, "../x"])
def test_an_id_has_a_narrow_alphabet(text: str) -> None:
    assert refused(id=text) == ["/id"]


@given(st.from_regex(r"[A-Za-z0-9._:-]{1,128}", fullmatch=True))
def test_every_id_of_the_alphabet_is_taken(text: str) -> None:
    assert thing(id=text).id == text


def test_lists_are_capped() -> None:
    assert len(thing(steps=[{"name": "a"}] * 100).steps) == 100
    assert refused("limit_reached", steps=[{"name": "a"}] * 101) == ["/steps"]


def test_unknown_fields_are_refused_and_pointed_at() -> None:
    assert refused(role="admin") == ["/role"]
    assert refused(steps=[{"name": "a", "x/y~z": 1}]) == ["/steps/0/x~1y~0z"]


def test_unknown_kinds_are_refused() -> None:
    assert refused(kind="rocket") == ["/kind"]


def test_errors_point_into_lists() -> None:
    assert refused(steps=[{"name": "a"}, {"name": "b", "planned": "later"}]) == ["/steps/1/planned"]


def test_labels_are_short_plain_values() -> None:
    assert thing(labels={"carrier": "UA", "hour": 5, "red_eye": True}).labels == {
        "carrier": "UA",
        "hour": 5.0,
        "red_eye": True,
    }
    assert refused(labels={"a b": 1}) == ["/labels/a b"]
    assert refused(labels={"a": None}) == ["/labels/a"]
    assert refused(labels={"a": "x\x1by"}) == ["/labels/a"]
    assert refused(labels={"a": 1e300}) == ["/labels/a"]
    assert refused("limit_reached", labels={f"l{n}": 1 for n in range(33)}) == ["/labels"]


def test_a_flag_among_labels_stays_a_flag() -> None:
    assert thing(labels={"a": True}).labels["a"] is True


def test_what_was_sent_is_never_echoed() -> None:
    with pytest.raises(Problem) as caught:
        thing(email="hunter2 at example", kind="hunter2", at="hunter2", value="hunter2", tolerance_s="hunter2")
    assert b"hunter2" not in caught.value.body()


def test_no_more_than_twenty_errors_are_told() -> None:
    assert len(refused(**{f"x{n}": 1 for n in range(500)})) == 20


def test_a_long_field_name_is_cut() -> None:
    assert refused(**{"x" * 5000: 1}) == ["/" + "x" * 255]


def test_a_value_inside_another_keeps_its_place() -> None:
    with pytest.raises(Problem) as caught:
        convert(Thing, {"id": "a b"}, "/events/3/data")
    assert [error.pointer for error in caught.value.errors] == ["/events/3/data/id"]


def test_events_may_be_five_minutes_ahead() -> None:
    not_ahead(NOW + timedelta(minutes=5), NOW, "/at")
    with pytest.raises(Problem) as caught:
        not_ahead(NOW + timedelta(minutes=5, microseconds=1), NOW, "/at")
    assert (caught.value.code, caught.value.errors[0].pointer) == ("invalid_field", "/at")


@given(st.text(max_size=40))
def test_any_text_is_taken_or_refused(text: str) -> None:
    for field in ("id", "what", "title", "at", "currency", "zone", "email"):
        try:
            raw = msgspec.json.encode({"id": "t"} | {field: text})
        except UnicodeEncodeError:
            continue
        try:
            parse(Thing, raw)
        except Problem as problem:
            assert problem.errors[0].pointer == f"/{field}"


class Spoken(Body):
    """Text that must match a pattern that is not that of ids."""

    name: Id
    language: Annotated[str, Field(pattern="^[a-z]{2}$")]


def test_each_field_is_told_its_own_rule() -> None:
    with pytest.raises(Problem) as raised:
        convert(Spoken, {"name": "a b", "language": "English"})
    found = {one.pointer: one.detail for one in raised.value.errors}
    assert found["/name"].startswith("must be 1 to 128 of letters, digits")
    assert found["/language"] == "must match the pattern ^[a-z]{2}$"
