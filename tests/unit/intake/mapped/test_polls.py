"""What may stand under `poll`, and what is said of a mistake there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from candor.clients.hubspot import HubSpot
from candor.clients.kinds import KINDS
from candor.intake.mapped import read_sources
from candor.intake.mapped.completing import CompletedSource, client_of, mapped
from candor.intake.mapped.config import schema_for_editors
from candor.intake.mapped.located import LocatedError
from candor.intake.mapped.poll_config import APIS, Poll, seconds
from candor.intake.source import completion_of
from delivery_svc.offered import OFFERED

POLL = """\
sources:
  parcels:
    extends: aftership
    service: delivery-svc
    poll:
      api: aftership
      base: https://api.aftership.com
      token_file: /run/secrets/aftership
      every: 5m
"""


def read(text: str) -> dict[str, Any]:
    return dict(read_sources(text.encode(), "delivery-svc", OFFERED.shapes, OFFERED.presets()))


def polled(**more: Any) -> Poll:
    return Poll.model_validate({"api": "aftership", "base": "https://a.example", "token_env": "KEY", **more})


def test_a_preset_is_polled_as_the_file_says() -> None:
    rule = read(POLL)["parcels"]
    assert (rule.poll.every, rule.poll.overlap, rule.poll.token_file) == ("5m", "10m", "/run/secrets/aftership")
    assert len(rule.events) == 3


WRONG = [
    ("api: aftership", "api: pipedrive", 6, "delivery-svc polls aftership, jobber, servicetitan, not pipedrive"),
    ("api: aftership", "api: hubspot", 5, "hubspot needs object, fields"),
    ("api: aftership", "api: odoo", 6, "sources.parcels.poll.api: must be 'hubspot'"),
    ("https://", "http://", 7, "must be an address with https://"),
    ("https://", "https://me:word@", 7, "must be an address without user"),
    ("every: 5m", "every: 5", 9, "sources.parcels.poll.every: must be a text (in quotes"),
    ("every: 5m", "every: 5 minutes", 9, "must be a duration such as 90s"),
    ("every: 5m", "every: 29s", 9, "must be a duration from 30s to 7d"),
    ("token_file: /run/secrets/aftership", "token_env: key", 8, "must be the name of a variable"),
    ("token_file: /run/secrets/aftership", "overlap: 2m", 5, "give one of token_file, token_env and oauth"),
    ("every: 5m", "token_env: KEY", 5, "give one of token_file, token_env and oauth"),
    ("every: 5m", "password: x", 9, "is no name that may stand here"),
    ("api: aftership", "api: servicetitan", 5, "servicetitan needs tenant, app_key_env or app_key_file"),
    ("every: 5m", "requests_an_hour: 0", 9, "must be at least 1"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "words"), WRONG)
def test_a_mistake_names_its_line(right: str, wrong: str, line: int, words: str) -> None:
    with pytest.raises(LocatedError) as caught:
        read(POLL.replace(right, wrong))
    assert words in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize("text", ["90s", "15m", "6h", "2d"])
def test_durations(text: str) -> None:
    assert seconds(text) == {"90s": 90, "15m": 900, "6h": 21_600, "2d": 172_800}[text]


@pytest.mark.parametrize("text", ["", "0s", "5", "m", "1w", "-1m", "1.5h", "1 h", "1m\n", "9999999s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration such as"):
        seconds(text)


def test_every_system_has_a_client_and_a_service() -> None:
    said = {name for names in APIS.values() for name in names}
    assert said == set(KINDS)
    more = {"object": "0-3", "fields": ["dealname"], "tenant": "1188", "app_key_env": "APP"}
    for name in said:
        assert client_of(polled(api=name, **more)) is not None
    oauth = {"url": "https://login.example/token", "client_id": "us", "secret_env": "WORD"}
    assert client_of(polled(token_env=None, oauth=oauth)) is not None


@pytest.mark.parametrize("secrets", [{}, {"secret_env": "A", "secret_file": "/b"}])
def test_oauth_has_one_secret(secrets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either secret_file or secret_env"):
        polled(token_env=None, oauth={"url": "https://a.example", "client_id": "us", **secrets})


def test_sources_of_systems_with_thin_webhooks_are_completed() -> None:
    rule = OFFERED.presets()["jobber"]
    plain = mapped("jobber", rule)
    assert completion_of(plain) is None
    whole = mapped("jobber", rule.model_copy(update={"poll": polled(api="jobber")}))
    assert isinstance(whole, CompletedSource)
    assert completion_of(whole) is not None
    known = mapped("aftership", OFFERED.presets()["aftership"].model_copy(update={"poll": polled()}))
    assert completion_of(known) is None
    assert isinstance(client_of(polled(api="hubspot", object="0-3", fields=["a"])), HubSpot)


def test_the_registry_names_what_is_polled_and_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(POLL)
    registry = OFFERED.sources((), file)
    assert {name: poll.api for name, poll in registry.polls().items()} == {"parcels": "aftership"}
    assert OFFERED.sources().polls() == {}


def test_editors_are_told_of_polls() -> None:
    poll = schema_for_editors()["$defs"]["Poll"]
    assert set(poll["required"]) == {"api", "base"}
    assert "token_file" in poll["properties"]
    assert json.dumps(poll)
