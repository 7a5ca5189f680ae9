"""Whether messages are sent at all: the sending switch, the kill switch, and who turned them."""

from __future__ import annotations

from typing import Final, NamedTuple

from candor.store.unit_of_work import UnitOfWork


class Switch(NamedTuple):
    """`sending` off: notices are composed and kept as previews. `killed`: nothing is sent, not even queued messages."""

    sending: bool
    killed: bool


async def read(uow: UnitOfWork) -> Switch:
    """The state of the switches; off if nobody has set them."""
    row = await uow.connection.fetchrow("SELECT sending, killed FROM switch")
    return Switch(row["sending"], row["killed"]) if row else Switch(sending=False, killed=False)


async def begin(uow: UnitOfWork, *, sending: bool) -> None:
    """Set the switches at the first start of a deployment; later starts keep what people set."""
    await uow.connection.execute(_BEGIN, sending)


async def turn(uow: UnitOfWork, who: str, *, sending: bool | None = None, killed: bool | None = None) -> Switch:
    """Turn a switch and save, in the database, who did it."""
    await begin(uow, sending=False)
    await uow.connection.execute(_TURN, sending, killed, who)
    return await read(uow)


_BEGIN: Final = "INSERT INTO switch (sending, killed, changed_by) VALUES ($1, false, '') ON CONFLICT DO NOTHING"
_TURN: Final = """
UPDATE switch SET sending = coalesce($1, sending), killed = coalesce($2, killed), changed_at = now(), changed_by = $3"""
