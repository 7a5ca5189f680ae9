"""What a client of another system gives: pages of what changed there, and objects by their ids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

from candor.clients.calling import Answer, DeniedError, RefusedError
from candor.clients.credentials import Credentials
from candor.ops.moments import read_moment

ANEW: Final = ""


class Asked(NamedTuple):
    """A page that is wanted: changes from `since` on; `page` is what the page before said of the next, "" at first."""

    since: datetime
    page: str = ""


class Page(NamedTuple):
    """A page of changes: `bodies`, as webhooks of the system would bring them, and the latest time of a change in it.

    `next` names the next page; None: there is none; ANEW: begin again with what changed from `latest` on.
    """

    bodies: Sequence[bytes]
    latest: datetime | None
    next: str | None


class Client(Protocol):
    """Reads what changed in one system, oldest first where the system can sort."""

    async def page(self, asked: Asked) -> Page:
        """One page, by one request to the system (and maybe one for a token). Raises CallError."""
        ...


@runtime_checkable
class Completing(Protocol):
    """A client that can say what the objects named in a thin webhook look like now."""

    async def complete(self, raw: bytes) -> bytes:
        """The body with its objects, or as it is if it names none. Raises CallError."""
        ...


async def proven(credentials: Credentials, send: Callable[[str], Awaitable[Answer]]) -> Answer:
    """What `send` is answered with a token; once more with another one if the first is refused. Raises CallError."""
    try:
        return await send(await credentials.token())
    except DeniedError:
        credentials.refused()
    return await send(await credentials.token())


def found(answer: Answer, *path: str) -> list[dict[str, Any]]:
    """The objects of the list at a path of an answer. Raises RefusedError if there is no such list."""
    value: Any = answer.body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise RefusedError(f"the answer has no list of objects at {'.'.join(path)}")
    return value


def part(answer: Mapping[str, Any], *path: str) -> Any:
    """The value at a path of an answer; None if there is none."""
    value: Any = answer
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def latest(answer: Answer, times: Collection[Any]) -> datetime | None:
    """The latest of these times; none later than the answer itself, for whose clock is ahead would hide what follows.

    Raises RefusedError for what is no time: without it nobody knows how far we are.
    """
    try:
        read = [read_moment(one if isinstance(one, str) else "") for one in times]
    except ValueError:
        raise RefusedError("an object of the answer does not say when it changed") from None
    if not read:
        return None
    return max(read) if answer.at is None else min(max(read), answer.at)
