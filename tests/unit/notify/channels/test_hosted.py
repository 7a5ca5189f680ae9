"""Slack and Teams: what they are sent, to which addresses, and what each of their answers means."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from notify_svc.channels import Channel, Fate
from notify_svc.channels.hosts import Hosts
from notify_svc.channels.slack import HEADER, SECTION, SlackSettings, parts
from notify_svc.channels.slack import content_of as slack_content
from notify_svc.channels.teams import TeamsSettings
from notify_svc.channels.teams import content_of as teams_content
from notify_svc.settings import NotifySettings
from tests.support.hooks import Begun, Hook, letter
from tests.support.stand_in import raw, slow, standing_in, status


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Hook]:
    async with standing_in(Hook()) as made:
        assert isinstance(made, Hook)
        yield made


@pytest.fixture(params=["slack", "teams"])
def channel(request: pytest.FixtureRequest, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> Channel:
    place = hook.base.removeprefix("http://")
    monkeypatch.setenv(f"{request.param}_hosts".upper(), place)
    monkeypatch.setenv(f"{request.param}_seconds".upper(), "2")
    return NotifySettings().channels()[request.param]


async def test_a_message_goes_out_once_as_the_provider_documents_it(channel: Channel, hook: Hook) -> None:
    begun = Begun()
    address = channel.normalise(f" {hook.base}/services/T1/B2/secret ")
    assert address is not None
    found = await channel.send(letter(address), begun)
    assert (found.fate, found.code, begun.asked) == (Fate.SENT, "200", 1)
    [document] = hook.documents
    assert document == (slack_content if channel.name == "slack" else teams_content)(letter(address))
    await channel.check()


async def test_nothing_leaves_before_it_may(channel: Channel, hook: Hook) -> None:
    found = await channel.send(letter(f"{hook.base}/x"), Begun(agrees=False))
    assert (found.fate, hook.asked) == (Fate.ABORTED, [])


@pytest.mark.parametrize(
    ("number", "fate"),
    [
        (400, Fate.REFUSED),
        (403, Fate.REFUSED_RECIPIENT),
        (404, Fate.REFUSED_RECIPIENT),
        (410, Fate.REFUSED_RECIPIENT),
        (302, Fate.REFUSED),
        (500, Fate.UNKNOWN),
        (503, Fate.UNKNOWN),
    ],
)
async def test_what_each_answer_means(channel: Channel, hook: Hook, number: int, fate: Fate) -> None:
    hook.faults.append(status(number))
    found = await channel.send(letter(f"{hook.base}/x"), Begun())
    assert (found.fate, found.code) == (fate, str(number))


async def test_who_asks_for_patience_gets_it(channel: Channel, hook: Hook) -> None:
    hook.faults.append(status(429, Retry_After="30"))
    found = await channel.send(letter(f"{hook.base}/x"), Begun())
    assert (found.fate, found.wait) == (Fate.LATER, 30)


async def test_no_answer_in_time_leaves_it_unknown_and_no_server_leaves_it_unsent(channel: Channel, hook: Hook) -> None:
    hook.faults.append(slow(8))
    found = await channel.send(letter(f"{hook.base}/x"), Begun())
    assert (found.fate, found.step) == (Fate.UNKNOWN, "post")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = await channel.send(letter(f"http://127.0.0.1:{port}/x"), Begun())
    assert (found.fate, found.step) == (Fate.LATER, "connect")


async def test_an_answer_that_is_no_document_is_one_all_the_same(channel: Channel, hook: Hook) -> None:
    hook.faults.append(raw(b"\xff\xfe ok"))
    assert (await channel.send(letter(f"{hook.base}/x"), Begun())).fate is Fate.SENT


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.com/services/T1/B2/x",
        "https://hooks.slack.com.evil.example/services/x",
        "https://evil.example/hooks.slack.com/x",
        "https://hooks.slack.com@evil.example/x",
        "https://hooks.slack.com:22/x",
        "https://127.0.0.1/x",
        "http://127.0.0.1:8026/x",
        "http://localhost/x",
        "https://hooks.slack.com",
        "https://hooks.slack.com/",
        "pat@customer.example",
        "",
    ],
)
def test_an_address_elsewhere_is_none(address: str) -> None:
    assert Hosts(("hooks.slack.com",)).accepted(address) is None


def test_hosts_are_named_whole_or_by_what_is_above_them() -> None:
    hosts = Hosts(("hooks.slack.com", "*.logic.azure.com"))
    for address in ("https://hooks.slack.com/services/x", "https://prod-12.westeurope.logic.azure.com:443/workflows/x"):
        assert hosts.accepted(f" {address} ") == address
    assert hosts.accepted("https://logic.azure.com/x") is None
    assert hosts.accepted("https://evillogic.azure.com/x") is None
    for wrong in ("", "https://hooks.slack.com", "a b", "*", "hooks.*.com"):
        with pytest.raises(ValueError, match="names of hosts"):
            Hosts((wrong,))


def test_without_hosts_there_is_no_such_channel() -> None:
    assert not {"slack", "teams"} & NotifySettings().channels().keys()
    assert SlackSettings().slack_hosts == TeamsSettings().teams_hosts == ()


@given(st.text(max_size=9_000), st.integers(min_value=20, max_value=SECTION))
def test_a_long_text_is_parted_and_nothing_of_it_is_lost(text: str, longest: int) -> None:
    found = parts(text, longest)
    assert all(0 < len(part) <= longest for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_a_text_is_parted_between_its_paragraphs() -> None:
    assert parts("one two\n\nthree four\nfive", 12) == ["one two", "three four", "five"]


@given(st.text(), st.text(max_size=400))
def test_no_name_becomes_a_link_a_mention_or_a_style(text: str, subject: str) -> None:
    document: Any = slack_content(letter("x", text=text, subject=subject))
    kinds = {block["text"]["type"] for block in document["blocks"]}
    assert kinds == {"plain_text"}
    assert len(document["blocks"][0]["text"]["text"]) <= HEADER
    assert "<" not in document["text"]
    assert ">" not in document["text"]
    card = teams_content(letter("x", text=text, subject=subject))["attachments"][0]["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    json.dumps(card)
