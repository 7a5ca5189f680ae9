"""One service's database while the partitions are grown: held, read to the end, switched, moved, released."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from candor.store import audit, layout, splitting
from candor.store.lease import LEASE_SECONDS, alive
from candor.store.moving import Growth, Move, Place
from candor.store.replaying import UNDER_WAY
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.layout import Layout

_offsets: Final = msgspec.json.Decoder(dict[str, int])


class Reader(NamedTuple):
    """A consumer group of a service, and the cards that it reads: by partition, or whole."""

    group: str
    reads: tuple[str, ...]
    broadcast: tuple[str, ...] = ()


class Service(NamedTuple):
    """What of a service follows the partitions: who reads for it, its tables, and what must be done before.

    `unfinished`: SQL of how many things are left to do that know only the partitions of before.
    """

    name: str
    readers: tuple[Reader, ...] = ()
    moves: tuple[Move, ...] = ()
    unfinished: str = "SELECT 0"


class Site:
    """A service and its database."""

    def __init__(self, service: Service, database: Database) -> None:
        self.service = service
        self.database = database

    async def layout(self) -> Layout | None:
        """Its layout; None if its partitions were never grown."""
        return await layout.read(self.database.pool)

    async def letters(self) -> int:
        """Undecided dead letters of events it could not apply: their offsets belong to the partitions of before."""
        return int(await self.database.pool.fetchval(_LETTERS, self._groups))

    async def suspects(self) -> int:
        """In how many of its partitions an event is in the way that could not be applied."""
        return int(await self.database.pool.fetchval(_SUSPECTS, self._groups)) if self._groups else 0

    async def replaying(self) -> bool:
        """Whether it sends past events again."""
        return bool(await self.database.pool.fetchval(_REPLAYING))

    async def unfinished(self) -> int:
        """How many things are left to do that know only the partitions of before."""
        return int(await self.database.pool.fetchval(self.service.unfinished))

    async def hold(self, growth: Growth) -> bool:
        """Have relays send nothing from now on; False, with nothing done, while they send past events again."""
        async with unit_of_work(self.database) as uow:
            # Whoever takes a lease or asks for past events afterwards sees the row below.
            await uow.connection.execute("LOCK TABLE lease, replay IN EXCLUSIVE MODE")
            if await uow.connection.fetchval(_REPLAYING):
                return False
            await uow.connection.execute(_HOLD, growth.before, growth.to)
            act = audit.Act(audit.of_this_machine(), "partitions.grow", f"{growth.before} to {growth.to}")
            await audit.write(uow, [act])
        return True

    async def give_up(self) -> None:
        """Let relays send again, as if nothing had begun."""
        async with unit_of_work(self.database) as uow:
            await uow.connection.execute("UPDATE layout SET grows_to = NULL WHERE grows_to <> partitions")

    async def senders(self) -> int:
        """How many partitions relays still hold that are alive."""
        return int(await self.database.pool.fetchval(_SENDERS, f"{self.service.name}.relay"))

    async def readers(self, group: str) -> int:
        """How many processes read as this group."""
        return int(await self.database.pool.fetchval(_READERS, group))

    async def offsets(self, group: str) -> dict[int, dict[str, int]]:
        """By partition, the next offset of each card."""
        rows = await self.database.pool.fetch(_OFFSETS, group)
        return {row["partition"]: _offsets.decode(row["offsets"]) for row in rows}

    async def switch(self, growth: Growth) -> None:
        """From now on the new number counts; who works with the old one can no longer save anything by it."""
        relay = Reader(f"{self.service.name}.relay", ())
        groups = (*self.service.readers, relay)
        async with unit_of_work(self.database) as uow:
            await uow.connection.execute("LOCK TABLE lease, outbox IN EXCLUSIVE MODE")
            if await uow.connection.fetchval(_SWITCH, growth.before, growth.to) is None:
                return
            await uow.connection.execute(_FENCE, [one.group for one in groups], secrets.randbits(62))
            for one in groups:
                await uow.connection.execute(_MORE, one.group, growth.before, growth.to, list(one.broadcast))

    async def split(self, growth: Growth, topics: Sequence[str], *, unsent: bool) -> None:
        """Take rows of the outbox apart that hold events of several new partitions; waits for erasures to end."""
        found = await self.layout()
        while found is not None and found.log_from is not None and found.log_to is not None:
            at = found.log_from
            while at < found.log_to:
                async with unit_of_work(self.database) as uow:
                    at = await splitting.page(uow.connection, growth, topics, at, found.log_to, unsent)
                    if not unsent:
                        await uow.connection.execute("UPDATE layout SET log_from = $1", at)
            if unsent:
                return
            async with unit_of_work(self.database) as uow:
                await uow.connection.execute("UPDATE layout SET log_from = NULL, log_to = NULL")
            found = None

    async def move(self, move: Move, growth: Growth) -> None:
        """Move the rows of one table."""
        at: Place | None = Place()
        while at is not None:
            async with unit_of_work(self.database) as uow:
                at = await move.page(uow.connection, growth, at)

    @property
    def _groups(self) -> list[str]:
        return [one.group for one in self.service.readers]

    async def release(self) -> None:
        """Let consumers read and relays send."""
        async with unit_of_work(self.database) as uow:
            await uow.connection.execute(_RELEASE)


_LETTERS: Final = "SELECT count(*) FROM dead_letter WHERE grp = ANY($1::text[]) AND state IN ('held', 'replay')"

_SUSPECTS: Final = "SELECT count(DISTINCT partition) FROM suspect WHERE grp = ANY($1::text[])"
_REPLAYING: Final = f"SELECT {UNDER_WAY}"

_HOLD: Final = """
INSERT INTO layout (partitions, before, grows_to) VALUES ($1, $1, $2)
ON CONFLICT (one) DO UPDATE SET grows_to = $2, before = $1 WHERE layout.partitions = $1"""

_SENDERS: Final = f"""
SELECT count(*) FROM lease WHERE grp = $1 AND EXISTS (
  SELECT FROM member WHERE member.grp = $1 AND member.id = lease.owner AND {alive(str(LEASE_SECONDS))})"""  # noqa: S608

_READERS: Final = f"SELECT count(*) FROM member WHERE grp = $1 AND {alive(str(LEASE_SECONDS))}"  # noqa: S608

_OFFSETS: Final = "SELECT partition, offsets::text AS offsets FROM lease WHERE grp = $1"

_SWITCH: Final = """
UPDATE layout SET partitions = $2,
  log_from = (SELECT min(id) - 1 FROM outbox), log_to = (SELECT max(id) FROM outbox)
WHERE partitions = $1 AND grows_to = $2 RETURNING partitions"""

_FENCE: Final = "UPDATE lease SET owner = '', epoch = $2::bigint + partition WHERE grp = ANY($1::text[])"

# Topics that all partitions read whole are read to their end by all of before; the others begin in the new ones.
_MORE: Final = """
INSERT INTO lease (grp, partition, owner, epoch, offsets)
SELECT grp, child, '', 0, (
  SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(offsets) WHERE key = ANY($4::text[]))
FROM lease, generate_series(partition + $2::int, $3::int - 1, $2::int) AS child
WHERE grp = $1 AND partition < $2::int ON CONFLICT DO NOTHING"""

_RELEASE: Final = "UPDATE layout SET grows_to = NULL, grown_at = clock_timestamp() WHERE grows_to = partitions"
