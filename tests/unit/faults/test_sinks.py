"""The sinks of a run before the real channels: what each fault does to a message, and which notice each copy is."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from notify_svc.channels import Channel, Fate, Outcome
from notify_svc.channels.registry import build_channels
from tests.faults.rig.arrivals import Arrival, Spoken, arrived
from tests.faults.rig.sinks import Sinks, Taken, sinking
from tests.faults.rig.story import HOOKED
from tests.support.hooks import Begun, letter

LONG = "The parcel comes later & <soon>.\n\nWe are sorry – really.\n" + "\n\n".join(
    f"Part {n} of it." for n in range(400)
)
DROPPED = {"webhook": Fate.LATER}
"""A receiver that keeps ids may be asked again."""


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Sinks]:
    with sinking(tmp_path / "sinks") as found:
        yield found


@pytest.fixture
def channels(sinks: Sinks, tmp_path: Path) -> dict[str, Channel]:
    (tmp_path / "token").write_text("the-token-of-a-run\n")
    (tmp_path / "key").write_text(base64.b64encode(b"k" * 32).decode())
    place = sinks.base.removeprefix("http://")
    given = {
        "slack_hosts": (place,),
        "teams_hosts": (place,),
        "twilio_account_sid": f"AC{0:032}",
        "twilio_token_file": tmp_path / "token",
        "twilio_from": "+15005550006",
        "twilio_base": sinks.base,
        "twilio_callback": f"{sinks.base}/callbacks",
        "webhook_key_file": tmp_path / "key",
        "webhook_private": True,
    }
    return build_channels("development", given, claim_seconds=90)


def spoken(channel: str, number: int = 1, body: str = LONG, state: str = "sent", promise: str = "p1") -> Spoken:
    return Spoken(f"n{number}", promise, state, channel, f"d{number}", body)


class Told:
    """Sends notices by the real channel, as notify-svc does."""

    def __init__(self, sinks: Sinks, channels: dict[str, Channel], file: Path) -> None:
        self.sinks = sinks
        self.file = file
        self.channels = channels

    async def tell(self, one: Spoken) -> Outcome:
        address = "+15550000001" if one.channel == "sms" else f"{self.sinks.base}/{one.channel}/{one.promise_id}"
        channel = self.channels[one.channel]
        assert channel.normalise(address) == address
        # A text message is short; its notice is known by the delivery.
        text = one.body[:100] if one.channel == "sms" else one.body
        said = letter(address, delivery_id=one.delivery_id, notice_id=one.notice_id, text=text)
        return await channel.send(said, Begun())


@pytest.fixture
def told(sinks: Sinks, channels: dict[str, Channel], tmp_path: Path) -> Told:
    return Told(sinks, channels, tmp_path / "sinks" / "taken.jsonl")


@pytest.mark.parametrize("name", HOOKED)
async def test_what_arrived_is_known_again_and_kept_in_the_file(name: str, told: Told) -> None:
    notices = [spoken(name, 1), spoken(name, 2, "Another word."), spoken(name, 3, promise="p2")]
    assert [(await told.tell(one)).fate for one in notices] == [Fate.SENT] * 3
    found, repeated = arrived(told.sinks.taken, notices)
    assert found == [Arrival(name, "n1"), Arrival(name, "n2"), Arrival(name, "n3")]
    assert not repeated
    assert [Taken(**json.loads(line)) for line in told.file.read_text().splitlines()] == told.sinks.taken


@pytest.mark.parametrize("name", HOOKED)
async def test_a_connection_that_ends_before_the_message_was_taken_leaves_nothing(name: str, told: Told) -> None:
    told.sinks.fail("drop_in_data", 1)
    assert (await told.tell(spoken(name))).fate is DROPPED.get(name, Fate.UNKNOWN)
    assert told.sinks.taken == []
    assert (await told.tell(spoken(name))).fate is Fate.SENT


@pytest.mark.parametrize("name", HOOKED)
async def test_a_connection_that_ends_after_it_leaves_the_message(name: str, told: Told) -> None:
    told.sinks.fail("drop_before_reply", 1)
    assert (await told.tell(spoken(name))).fate is DROPPED.get(name, Fate.UNKNOWN)
    assert arrived(told.sinks.taken, [spoken(name)]) == ([Arrival(name, "n1")], Counter())


@pytest.mark.parametrize("name", HOOKED)
async def test_one_refused_for_now_is_tried_again_and_there_once(name: str, told: Told) -> None:
    told.sinks.fail("refuse_for_now", 1)
    later = await told.tell(spoken(name))
    assert later.fate is Fate.LATER
    assert told.sinks.taken == []
    assert (await told.tell(spoken(name))).fate is Fate.SENT
    assert arrived(told.sinks.taken, [spoken(name)])[0] == [Arrival(name, "n1")]


async def test_faults_fail_as_many_messages_of_each_channel_one_kind_after_the_other(sinks: Sinks) -> None:
    sinks.fail("drop_in_data", 2)
    sinks.fail("refuse_for_now", 1)
    expected = ["drop_in_data", "drop_in_data", "refuse_for_now", ""]
    for name in HOOKED:
        assert [sinks.fault(name, f"/{name}/p{number}") for number in range(4)] == expected


async def test_no_address_fails_so_often_that_it_would_be_left_alone(told: Told) -> None:
    told.sinks.fail("drop_before_reply", 5)
    fates = [(await told.tell(spoken("webhook"))).fate for _ in range(7)]
    assert fates == [Fate.LATER, Fate.LATER, Fate.SENT, Fate.LATER, Fate.LATER, Fate.SENT, Fate.LATER]
    assert len(told.sinks.taken) == 7


@pytest.mark.parametrize("name", ["slack", "teams", "sms"])
async def test_a_second_copy_counts_where_nobody_keeps_ids(name: str, told: Told) -> None:
    for _ in range(2):
        await told.tell(spoken(name))
    assert arrived(told.sinks.taken, [spoken(name)])[0] == [Arrival(name, "n1")] * 2


async def test_a_second_copy_of_a_webhook_counts_as_one_by_its_id(told: Told) -> None:
    for _ in range(3):
        await told.tell(spoken("webhook"))
    assert arrived(told.sinks.taken, [spoken("webhook")]) == ([Arrival("webhook", "n1")], Counter(webhook=2))


async def test_the_same_id_with_other_words_counts(told: Told) -> None:
    await told.tell(spoken("webhook"))
    await told.tell(spoken("webhook", body="Other words."))
    assert arrived(told.sinks.taken, [spoken("webhook")])[0] == [Arrival("webhook", "n1")] * 2


async def test_the_same_words_with_another_id_are_no_notice(told: Told) -> None:
    await told.tell(spoken("webhook")._replace(delivery_id="d9"))
    [found] = arrived(told.sinks.taken, [spoken("webhook")])[0]
    assert found == Arrival("webhook", "/webhook/p1 d9")


async def test_notices_with_the_same_words_each_have_a_copy_and_one_more_is_too_many(told: Told) -> None:
    notices = [spoken("slack", 1, state="suppressed"), spoken("slack", 2), spoken("slack", 3, state="unknown")]
    for one in notices[1:]:
        await told.tell(one)
    expected = [Arrival("slack", "n2"), Arrival("slack", "n3")]
    assert arrived(told.sinks.taken, notices)[0] == expected
    # Only what went out; what did not is used last.
    await told.tell(notices[1])
    assert arrived(told.sinks.taken, notices)[0] == [*expected, Arrival("slack", "n1")]
    await told.tell(notices[1])
    assert arrived(told.sinks.taken, notices)[0] == [*expected, Arrival("slack", "n1"), Arrival("slack", "n1")]


@pytest.mark.parametrize("name", ["slack", "teams"])
async def test_words_that_nobody_decided_are_no_notice(name: str, told: Told) -> None:
    await told.tell(spoken(name, body="Nobody decided this."))
    others = [spoken(name), spoken(name, 2, "Nobody decided this.", promise="p2"), spoken("teams", 3, "Nobody")]
    [found] = arrived(told.sinks.taken, others)[0]
    assert found == Arrival(name, f"/{name}/p1 p1")


def test_a_text_message_is_known_by_the_address_of_its_report() -> None:
    body = "To=%2B1&Body=x&StatusCallback=http%3A%2F%2F127.0.0.1%2Fcallbacks%2Fd1"
    taken = Taken("sms", "/2010-04-01/Accounts/AC/Messages.json", "", body)
    assert arrived([taken], [spoken("sms")])[0] == [Arrival("sms", "n1")]
