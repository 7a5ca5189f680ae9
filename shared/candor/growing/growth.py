"""The steps of growing, each of which may be begun again by whoever finds it half done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from candor.growing.site import Reader, Site
from candor.messaging.more_partitions import SHARED, SharedTopics
from candor.store.moving import LETTERS, Growth
from candor.store.splitting import ErasingError

if TYPE_CHECKING:
    from candor.store.layout import Layout

LOCK: Final = 0x67726F77  # "grow"
LOOK_SECONDS: Final = 0.5
SAY_SECONDS: Final = 10.0
STEPS: Final = 6
_REPLAYS: Final = "{} sends past events again: wait until `candor_outbox_again_rows` is 0"


class CannotGrowError(Exception):
    """Nothing was changed; the text says why, and what to do."""


class Growing:
    """Grows the partitions of all `sites` and of their topics; `say` hears how far it is."""

    def __init__(self, sites: Sequence[Site], topics: SharedTopics, say: Callable[[str], None]) -> None:
        self._sites = sites
        self._topics = topics
        self._say = say

    async def grow(self, to: int) -> bool:
        """Do what is left to do; returns False if there was nothing.

        Raises CannotGrowError, StoreUnavailable, TopicsUnreachableError. Killed anywhere, it goes on when called again.
        """
        async with self._alone():
            found = await self._layouts()
            growth = await self._growth(found, to)
            if growth is None:
                return False
            if all(one is None or (one.partitions == growth.before and not one.held) for one in found):
                await self._refuse()
            if any(one is None or one.held for one in found):
                if not any(one is not None and one.partitions == to for one in found):
                    await self._drain(growth)
                await self._switch(growth)
            await self._log(growth)
            return True

    async def give_up(self) -> None:
        """Let relays send again; CannotGrowError once something has the new number."""
        async with self._alone():
            found = [one for one in await self._layouts() if one is not None and one.held]
            if not found:
                raise CannotGrowError("no partitions are being grown")
            if (
                any(one.moving for one in found)
                or len({found[0].partitions, *(await self._topics.counts()).values()}) > 1
            ):
                raise CannotGrowError(f"it is too late: run `candor partitions grow {found[0].grows_to}` to its end")
            for site in self._sites:
                await site.give_up()

    async def show(self) -> list[tuple[str, Layout | None]]:
        """Each service with its layout."""
        return [(site.service.name, await site.layout()) for site in self._sites]

    async def _layouts(self) -> list[Layout | None]:
        return [await site.layout() for site in self._sites]

    async def _growth(self, found: Sequence[Layout | None], to: int) -> Growth | None:
        """What is to be done, None if nothing; CannotGrowError if it cannot be."""
        known = [one for one in found if one is not None]
        begun = {one.grows_to for one in known if one.held} | {one.partitions for one in known if one.log_left}
        if begun - {None, to}:
            raise CannotGrowError(f"growing to {next(iter(begun - {None, to}))} has not ended: end that first")
        if begun:
            return Growth(min(one.before for one in known if one.held or one.log_left), to)
        counts = {one.partitions for one in known} or {*(await self._topics.counts()).values()}
        if len(counts) != 1:
            said = "there are no topics yet: set PARTITIONS" if not counts else f"topics differ: {sorted(counts)}"
            raise CannotGrowError(said)
        (before,) = counts
        if before == to:
            return None
        if to < before or to % before:
            raise CannotGrowError(f"there are {before} partitions: take a multiple, such as {before * 2}")
        return Growth(before, to)

    async def _refuse(self) -> None:
        for site in self._sites:
            name = site.service.name
            said = ""
            if count := await site.letters():
                said = f"{name} has {count} undecided dead letters: `candor dlq list --service {name}` first"
            elif count := await site.suspects():
                said = f"{name} cannot apply an event in {count} partitions: `candor stuck list --service {name}` first"
            elif await site.replaying():
                said = _REPLAYS.format(name)
            if said:
                raise CannotGrowError(said)

    async def _drain(self, growth: Growth) -> None:
        self._step(1, "relays are told to send nothing more; what is accepted meanwhile waits")
        for site in self._sites:
            await self._until(partial(self._hold, site, growth))
        await self._until(self._sending)
        self._step(2, "consumers read what was sent to its end")
        await self._until(lambda: self._reading(growth.before))
        self._step(3, f"topics get {growth.to} partitions")
        await self._topics.grow(growth.to)

    async def _switch(self, growth: Growth) -> None:
        await self._topics.grow(growth.to)
        self._step(4, f"each service changes to {growth.to}; its processes end and are started again")
        for site in self._sites:
            await site.switch(growth)
        self._step(5, "what waits and what is known goes to its new partition")
        # One that was released before a kill is at work again.
        waiting = [site for site in self._sites if (now := await site.layout()) is not None and now.moving]
        for site in waiting:
            await self._split(site, growth, unsent=True)
            for move in (*site.service.moves, LETTERS):
                await site.move(move, growth)
        for site in waiting:
            await site.release()
        self._say("all is sent and read again")

    async def _log(self, growth: Growth) -> None:
        self._step(6, "the log of what was sent before is put in order, for replays")
        for site in self._sites:
            await self._split(site, growth, unsent=False)

    async def _split(self, site: Site, growth: Growth, *, unsent: bool) -> None:
        while True:
            try:
                await site.split(growth, SHARED, unsent=unsent)
            except ErasingError:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                return

    async def _hold(self, site: Site, growth: Growth) -> str:
        return "" if await site.hold(growth) else _REPLAYS.format(site.service.name)

    async def _sending(self) -> str:
        left = {site.service.name: await site.senders() for site in self._sites}
        return ", ".join(f"{name} still sends from {count} partitions" for name, count in left.items() if count)

    async def _reading(self, partitions: int) -> str:
        """What is not read or done yet, in words; "" if nothing."""
        said = []
        for site in self._sites:
            service = site.service
            if not service.readers:
                continue
            left = [found for one in service.readers if (found := await self._unread(site, one, partitions))]
            if count := await site.suspects():
                said.append(f"{service.name} cannot apply an event in {count} partitions (`candor stuck list`)")
            elif left:
                said += left
            elif count := await site.unfinished():
                said.append(f"{service.name} has {count} incidents to carry on")
            elif count := await site.letters():
                said.append(f"{service.name} has {count} undecided dead letters (`candor dlq list`)")
        return "; ".join(said)

    async def _unread(self, site: Site, reader: Reader, partitions: int) -> str:
        """What one group has not read yet, in words; "" if nothing."""
        cards = (*reader.reads, *reader.broadcast)
        there, known = await self._topics.left(cards, partitions), await site.offsets(reader.group)
        events = 0
        for number in range(partitions):
            for card in cards:
                first, end = there[card, 0 if card in reader.broadcast else number]
                events += max(end - max(known.get(number, {}).get(card, 0), first), 0)
        if not events:
            return ""
        nobody = "" if await site.readers(reader.group) else ", and none of its processes runs"
        return f"{reader.group} has {events} events to read{nobody}"

    async def _until(self, left: Callable[[], Awaitable[str]]) -> None:
        loop = asyncio.get_running_loop()
        told = loop.time()
        while said := await left():
            if loop.time() - told >= SAY_SECONDS:
                told = loop.time()
                self._say(f"  {said}")
            await asyncio.sleep(LOOK_SECONDS)

    def _step(self, number: int, text: str) -> None:
        self._say(f"{number} of {STEPS}: {text}")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        connection = await self._sites[0].database.pool.acquire()
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                raise CannotGrowError("another `candor partitions` is at work")
            yield
        finally:
            # Not waiting for the end of a session whose server is away: that ends the lock too.
            with suppress(Exception):
                await connection.execute("SELECT pg_advisory_unlock_all()", timeout=5)
            await self._sites[0].database.pool.release(connection)
