"""Which body is read as which media type."""

from __future__ import annotations

import pytest

from candor.web.http.body import JSON, read_as

XML = ("text/xml", "application/xml")
OWN = "application/cloudevents+json"


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/vnd.acme.v2+json", OWN, "application/hal+json", "text/json", "text/plain", ""],
)
def test_json_is_json_by_whatever_name_its_sender_calls_it(kind: str) -> None:
    assert read_as(kind, JSON) == "application/json"
    assert read_as(kind, (*XML, *JSON)) == "application/json"


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "text/xml",
        "image/svg+xml",
        "application/jsonl",
        "+jso",
    ],
)
def test_what_is_no_json_is_not_read_as_json(kind: str) -> None:
    assert read_as(kind, JSON) == ""


def test_a_type_that_is_read_as_it_is_stays_that_type() -> None:
    assert read_as(OWN, (*JSON, OWN)) == OWN
    assert read_as("text/plain", (*JSON, "text/plain")) == "text/plain"
    assert read_as("text/xml", XML) == "text/xml"


@pytest.mark.parametrize("kind", ["text/plain", "", OWN])
def test_where_no_json_is_read_another_name_of_json_is_no_help(kind: str) -> None:
    assert read_as(kind, XML) == ""
