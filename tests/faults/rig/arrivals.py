"""Which notice each message in a sink is: by its id where the interface has one, else by customer and words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

import msgspec

from tests.faults.rig.sinks import Taken

GOES_OUT: Final = ("sent", "unknown")


class Arrival(NamedTuple):
    """A message in a sink that counts, and the notice that it is; of one that is none, a name to find it by."""

    channel: str
    notice_id: str


class Spoken(NamedTuple):
    """A notice with what it is known by: its delivery's id, or the words to the customer of this promise."""

    notice_id: str
    promise_id: str
    state: str
    channel: str
    delivery_id: str
    body: str


def arrived(taken: Iterable[Taken], spoken: Iterable[Spoken]) -> tuple[list[Arrival], Counter[str]]:
    """What took effect at the receivers, and by channel how many copies did not, since they had a known `webhook-id`.

    A copy with the id of another message but not its body counts: a receiver would lose one of the two.
    """
    deliveries = {one.delivery_id: one.notice_id for one in spoken}
    by_words: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    # Of several with the same words those that went out come first.
    for one in sorted(spoken, key=lambda one: one.state not in GOES_OUT):
        by_words[one.channel, one.promise_id, _plain(one.body)].append(one.notice_id)
    seen: Counter[tuple[str, ...]] = Counter()
    found, repeated = [], Counter[str]()
    for message in taken:
        key = _key(message)
        earlier = seen[key]
        seen[key] += 1
        if message.channel == "webhook" and earlier:
            repeated["webhook"] += 1
            continue
        names = by_words.get((message.channel, key[1], key[2]), []) if message.channel in ("slack", "teams") else []
        known = names[min(earlier, len(names) - 1)] if names else deliveries.get(key[1])
        found.append(Arrival(message.channel, known or f"{message.path} {key[1]}"))
    return found, repeated


def _key(message: Taken) -> tuple[str, str, str]:
    """What makes a message the same as another one: the channel, an id or a customer's promise, and what it says."""
    match message.channel:
        case "webhook":
            return "webhook", message.id, message.body
        case "sms":
            fields = parse_qs(message.body)
            return "sms", fields["StatusCallback"][0].rpartition("/")[2], ""
        case "slack":
            words = [block["text"]["text"] for block in _object(message)["blocks"][1:]]
        case _:
            blocks = _object(message)["attachments"][0]["content"]["body"][1:]
            words = [block["inlines"][0]["text"] for block in blocks]
    return message.channel, message.path.rpartition("/")[2], _plain(" ".join(words))


def _object(message: Taken) -> dict[str, Any]:
    return msgspec.json.decode(message.body, type=dict[str, Any])


def _plain(text: str) -> str:
    return " ".join(text.split())
