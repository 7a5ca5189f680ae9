"""Keeps the rate limits of all processes of a service together: one statement a few times a second, none a request."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from candor.ops.rounds import Rounds
from candor.store.errors import unavailable
from candor.web import metrics
from candor.web.http.rates import Rates

if TYPE_CHECKING:
    from candor.store.db import Database

log: Final = structlog.get_logger("candor.rates")

EVERY_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 1.0


class SharedRates(Rounds):
    """A background that reports what was taken here and learns what is left for everybody.

    While the database is away, each process holds its callers to the limit by itself: nobody is refused for it, and
    nobody gets more than the limit times the number of processes.
    """

    name = "rates"

    def __init__(self, database: Database, rates: Sequence[Rates], *, every: float = EVERY_SECONDS) -> None:
        super().__init__()
        self._database = database
        self._rates = [one for one in rates if one.per_second]
        self._every = every
        self._alone = False

    async def round(self) -> float:
        """Share once; raises what is not an outage of the database."""
        try:
            await self.share()
        except Exception as error:
            if unavailable(error) is None and not isinstance(error, TimeoutError | OSError):
                raise
            self._note(alone=True)
            return AGAIN_SECONDS
        return self._every

    async def share(self) -> None:
        """Run one round; raises the database's errors. What a lost round took is forgotten, not owed twice."""
        for rates in self._rates:
            await self._share(rates)

    async def _share(self, rates: Rates) -> None:
        spent = rates.unreported()
        if not spent:
            return
        names = {_digest(rates.name, caller): caller for caller in spent}
        # In one order everywhere, so that two processes never wait for each other's rows.
        order = sorted(names)
        amounts = [spent[names[one]] for one in order]
        asked = rates.clock()
        rows = await self._database.pool.fetch(
            _REPORT, order, amounts, rates.burst, rates.per_second, timeout=PATIENCE_SECONDS
        )
        rates.settle([(names[bytes(row["bucket"])], row["tokens"]) for row in rows], asked)
        self._note(alone=False)

    def _note(self, *, alone: bool) -> None:
        if alone and not self._alone:
            log.warning(
                "rate limits are no longer shared: the database does not answer",
                consequence="each process limits its callers by itself until it does",
            )
        elif self._alone and not alone:
            log.info("rate limits are shared again")
        self._alone = alone
        metrics.RATES_ALONE.set(alone)


def _digest(policy: str, caller: str) -> bytes:
    # An address is personal data: the table holds none.
    return hashlib.blake2b(f"{policy}\0{caller}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


_REPORT: Final = """
INSERT INTO rate AS known (bucket, tokens, since)
SELECT bucket, $3 - spent, clock_timestamp() FROM unnest($1::bytea[], $2::float8[]) AS new (bucket, spent)
ORDER BY bucket
ON CONFLICT (bucket) DO UPDATE SET since = clock_timestamp(), tokens = excluded.tokens - $3 + least($3,
  known.tokens + $4 * greatest(0, extract(epoch FROM clock_timestamp() - known.since)::float8))
RETURNING bucket, tokens"""
