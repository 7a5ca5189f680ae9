"""The interface of a source: how senders authenticate, what bodies mean, and which answer senders expect.

docs/guide/write-a-source.md leads from an empty file to a working source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from candor.intake.event import Event
from candor.intake.once import Acceptance
from candor.web.http.problems import Problem
from candor.web.security.schemes import Scheme
from candor.web.security.webhooks import Webhook

_encode: Final = msgspec.json.Encoder(order="sorted").encode
EXACT: Final = 2**53


class _Said(msgspec.Struct):
    state: str = ""


_said: Final = msgspec.json.Decoder(_Said)
UNFINISHED: Final = {"waiting": "waiting", "draft": "drafts"}
"""The `state` of an answer to what something else must follow, and the word that counts them."""


class Incoming(NamedTuple):
    """One event of a body: the sender's `id`, its content, and the bytes that distinguish it from another with that id.

    Without an id (`""`) those bytes identify it.

    If events name their own origin, `origin` is that name, otherwise it is the sender's; `ids` then keeps the ids of
    different origins of one sender apart. Ids of different senders never meet.
    """

    id: str
    event: Event
    raw: bytes
    origin: str = ""
    ids: str = ""


class Unusable(NamedTuple):
    """One event of a body that cannot be used, and why; the rest as far as it could be read.

    `data`: whom it names, where `raw` does not say so in our own words.
    """

    problem: Problem
    id: str = ""
    type: str = ""
    raw: bytes = b""
    data: Mapping[str, Any] | None = None


Items = Sequence[Incoming | Unusable]


class Outcome(NamedTuple):
    """The outcome of one event: accepted (now or earlier), or rejected with the reason."""

    item: Incoming | Unusable
    result: Acceptance | Problem


class Reply(NamedTuple):
    """The answer to the sender."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = {}


class Source(Protocol):
    """One kind of sender, such as a CRM product; a module of a service's folder `sources/` exports it as SOURCE.

    `name` is its name in the secrets file; `schemes` are the ways in which its senders can authenticate.
    """

    @property
    def name(self) -> str: ...

    @property
    def media_types(self) -> Sequence[str]: ...

    @property
    def schemes(self) -> Sequence[Scheme]: ...

    def read(self, webhook: Webhook, known: Collection[str], now: datetime) -> Items:
        """The events of a genuine webhook, in order; there may be none, and an id may occur twice. Runs in any thread.

        `known` are the event types of this service, `now` is business time. Raises Problem for a body that cannot be
        read at all; it is listed under `GET /v1/rejected`, as is each Unusable.
        """
        ...

    def answer(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> Reply:
        """The answer this sender expects, once every outcome is durable; there is none yet of what is completed later.

        A sender that repeats is answered anew. Never 4xx: senders drop what was answered so, or us.
        """
        ...


Complete = Callable[[Webhook], Awaitable[Webhook]]


def completion_of(source: Source) -> Complete | None:
    """What completes a source's webhooks, after the answer and before `read`: its method `complete`, if it has one.

    It is called again for what failed, with the request as it came. It raises Problem with a 4xx status for what no
    other try would change, and anything else, such as Problem 503 with Retry-After, to be called again later.
    """
    return getattr(source, "complete", None)


def derived_id(*parts: str | bytes) -> str:
    """A deterministic id for an event whose sender gives none: 32 hexadecimal digits derived from the parts."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:%s" % (len(raw), raw))
    return digest.hexdigest()[:32]


def canonical(document: Any) -> bytes:
    """The same bytes for the same JSON value, regardless of the order of its names and of how numbers are written."""
    return _encode(_whole(document))


def _whole(value: Any) -> Any:
    # A relay that parses and writes numbers makes 1 of 1.0; above this size it would change the number itself.
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return value


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How many were accepted and replayed, and which were rejected: `{index, code, detail}` each.

    `waiting` and `drafts`, where there are any: how many of those taken wait for their promise or miss something.
    """
    said: dict[str, Any] = {"accepted": 0, "replayed": 0, "rejected": []}
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome.result, Problem):
            refused = outcome.result
            said["rejected"].append({"index": index, "code": refused.code, "detail": refused.detail})
        else:
            said["replayed" if outcome.result.replayed else "accepted"] += 1
            if (unfinished := UNFINISHED.get(_said.decode(outcome.result.answer.body).state)) is not None:
                said[unfinished] = said.get(unfinished, 0) + 1
    return said


def counted(outcomes: Sequence[Outcome], status: int = 202) -> Reply:
    """The summary as JSON: the answer for senders that check only the status."""
    return Reply(status, msgspec.json.encode(summary(outcomes)))
