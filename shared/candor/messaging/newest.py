"""Of events that each say a whole state, the newest."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from candor.contracts import Message


def subject_of(message: Message) -> str:
    """The id of what an event is about."""
    return message.envelope.subject


def newest(messages: Iterable[Message], key: Callable[[Message], Hashable] = subject_of) -> list[Message]:
    """The highest version of each `key`, in the order in which the keys come; of two that are equal the first."""
    found: dict[Hashable, Message] = {}
    for one in messages:
        known = found.get(key(one))
        if known is None or known.envelope.version < one.envelope.version:
            found[key(one)] = one
    return [*found.values()]
