"""One batch of events about matters: the newest of each is written, and what follows from it worked out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from candor.contracts import CapabilityChanged, Message, StatementMade
from candor.messaging.newest import newest
from risk_svc.insight import claims, drivers, forgetting, statements
from risk_svc.insight.matter_rows import (
    CAPABILITY,
    KINDS,
    MATTER,
    capability_row,
    key,
    matter_row,
    statement_row,
    subject,
)
from risk_svc.insight.rows import turned, upsert

if TYPE_CHECKING:
    from candor.store.lease import Connection


async def hold(connection: Connection, messages: Collection[Message]) -> None:
    """Wait for other processes that write of capabilities, if these messages do."""
    if any(_of_capability(one) for one in messages):
        await claims.hold(connection)


async def save(connection: Connection, messages: Sequence[Message]) -> None:
    """Write what these messages say, but for those of customers who were erased after they were said."""
    marks = await forgetting.marks(connection, {one.envelope.key for one in messages})
    said = [one for one in messages if not forgetting.is_past(marks, one.envelope)]
    await _save_register(connection, [one for one in said if isinstance(one.data, CapabilityChanged)])
    await _save_matters(connection, [one for one in said if type(one.data) in KINDS])
    told = [one for one in said if isinstance(one.data, StatementMade)]
    found = newest(told)
    if found:
        await forgetting.end_doomed_statements(connection, [one.envelope.subject for one in found])
        await statements.save(connection, [statement_row(one) for one in found])
        await statements.compare(connection, {subject(one.data) for one in found})  # type: ignore[arg-type]


async def _save_register(connection: Connection, messages: Sequence[Message]) -> None:
    if messages:
        await connection.execute(_SAVE_CAPABILITIES, *turned(CAPABILITY, [capability_row(one) for one in messages]))


async def _save_matters(connection: Connection, messages: Sequence[Message]) -> None:
    found = newest(messages, key)
    if found:
        names = [key(one) for one in found]
        await forgetting.end_doomed_matters(connection, names)
        await connection.execute(_SAVE_MATTERS, *turned(MATTER, [matter_row(one) for one in found]))
        await claims.compare(connection, [name for kind, name in names if kind == "claim"])
        await drivers.begin(connection, [name for kind, name in names if kind == "plan"])


def _of_capability(message: Message) -> bool:
    data = message.data
    return isinstance(data, CapabilityChanged) or getattr(data, "capability_id", None) is not None


_NEWER: Final = "WHERE insight_matter.version < excluded.version"
_SAVE_MATTERS: Final = upsert("insight_matter", MATTER, 2, ("words_since", "now()"), _NEWER)
_SAVE_CAPABILITIES: Final = (
    f"{upsert('insight_capability', CAPABILITY, 2).partition('ON CONFLICT')[0]}ON CONFLICT DO NOTHING"
)
