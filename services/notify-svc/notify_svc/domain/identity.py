"""Message identity: one id for one thing told to one customer, however often it is decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from candor.contracts import Statement
from notify_svc.domain.facts import Reason

NAMESPACE = uuid5(NAMESPACE_URL, "urn:candor:notice")


def notice_id(recipient: str, promise_id: str, episode: int, statement: Statement, told: str) -> str:
    """uuid5 of recipient, promise, episode, statement and told value, but not of a score or its version."""
    parts = (recipient, promise_id, str(episode), statement.value, told)
    return str(uuid5(NAMESPACE, "\n".join(f"{len(part)}:{part}" for part in parts)))


def delivery_id(notice: str, channel: str, words: Iterable[str] = ()) -> str:
    """uuid5 of a notice's id, a channel and the words: a retry is the same delivery, and other words are another.

    A receiver that knows an id takes nothing under it again, so that other words under it would be lost.
    """
    named = "".join(f":{len(part)}:{part}" for part in words)
    return str(uuid5(NAMESPACE, f"delivery:{notice}:{channel}{named}"))


def thread_id(promise_id: str) -> str:
    """The name of a promise's mail thread; promise ids may have characters that a Message-ID may not."""
    return str(uuid5(NAMESPACE, f"thread:{promise_id}"))


def joint_id(notices: Iterable[str]) -> str:
    """The id of one letter that tells several notices, in whatever order; two such letters share no notice."""
    return str(uuid5(NAMESPACE, f"joint:{' '.join(sorted(notices))}"))


def joint_thread_id(addressee: str) -> str:
    """The name of the mail thread of letters that tell one addressee of several promises."""
    return str(uuid5(NAMESPACE, f"joint thread:{addressee}"))


def told_value(
    statement: Statement,
    reason: Reason,
    low: datetime | None,
    high: datetime | None,
    next_update_by: datetime | None,
    completed_at: datetime | None,
    about: str = "",
) -> str:
    """What a message states, as text; an all-clear, a cancellation and one event can be told once per episode."""
    if about:
        return f"{reason.value} {about}"
    if statement in (Statement.ALL_CLEAR, Statement.CANCELLED) or reason is Reason.NOT_KEPT:
        return statement.value
    if completed_at is not None:
        return f"done {_text(completed_at)}"
    return f"{_text(low)}/{_text(high)} next {_text(next_update_by)}"


def suppressed_value(reason: Reason) -> str:
    """The value of a suppressed notice, which states nothing; it is stored once per episode and reason."""
    return f"suppressed {reason.value}"


def _text(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).isoformat()


def message_id(name: str, domain: str) -> str:
    """A deterministic Message-ID (RFC 5322), so that a retry is the same mail."""
    return f"<{name}@{domain}>"
