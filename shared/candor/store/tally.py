"""Kept counts of large tables: what a statement adds or takes away is noted with it, and folded together later.

Nobody waits for anybody: writers only append to the tally, and counting reads a few rows however large the table is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog

from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.store.db import Database, Transaction

log: Final = structlog.get_logger("candor.tally")

FOLDED: Final = 10_000
"""Rows of a tally that one transaction folds together."""
EVERY_SECONDS: Final = 2.0
Counts = Mapping[tuple[str, ...], int]


class Tally(NamedTuple):
    """The number of rows of `table` for each combination of `columns`, all of them texts.

    `values` has the SQL of those that are not columns of the table themselves; only rows for which `where` holds count.
    """

    table: str
    columns: tuple[str, ...]
    values: Mapping[str, str] = {}
    where: str = "true"

    @property
    def query(self) -> str:
        """The SQL of the number of rows, the last column, for each combination that there is."""
        names = ", ".join(self.columns)
        return f"SELECT {names}, sum(n)::bigint FROM {self.table}_tally GROUP BY {names} HAVING sum(n) <> 0"  # noqa: S608

    async def counts(self, uow: Transaction) -> dict[tuple[str, ...], int]:
        """The number of rows for each combination that there is."""
        return {tuple(row[:-1]): row[-1] for row in await uow.connection.fetch(self.query)}

    async def total(self, uow: Transaction, values: Sequence[str]) -> dict[str, int]:
        """The number of rows for each of these values of the first column."""
        first = self.columns[0]
        query = f"SELECT {first}, sum(n)::bigint FROM {self.table}_tally WHERE {first} = ANY($1::text[]) GROUP BY 1"  # noqa: S608
        return {row[0]: row[1] for row in await uow.connection.fetch(query, list(values))}

    async def fold(self, uow: Transaction, most: int = FOLDED) -> None:
        """Replace at most `most` notes by their sums."""
        names, tally = ", ".join(self.columns), f"{self.table}_tally"
        statement = f"""
WITH noted AS (DELETE FROM {tally} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM {tally} LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING {names}, n)
INSERT INTO {tally} ({names}, n) SELECT {names}, sum(n) FROM noted GROUP BY {names} HAVING sum(n) <> 0"""  # noqa: S608
        await uow.connection.execute(statement, most)

    def create(self, op: Any) -> None:
        """Create the tally with what there is now, and what keeps it; called from a migration."""
        names, tally = ", ".join(self.columns), f"{self.table}_tally"
        columns = ", ".join(f"{name} text NOT NULL" for name in self.columns)
        read = ", ".join(f"{self.values.get(name, name)} AS {name}" for name in self.columns)
        some = f"(SELECT {read} FROM {{}} WHERE {self.where}) AS found"  # noqa: S608
        op.execute(f"CREATE TABLE {tally} ({columns}, n bigint NOT NULL)")
        op.execute(f"INSERT INTO {tally} SELECT {names}, count(*) FROM {some.format(self.table)} GROUP BY {names}")  # noqa: S608
        op.execute(_FUNCTION.format(tally=tally, names=names, read=read, where=self.where))
        for act, tables in (
            ("INSERT", "NEW TABLE AS added"),
            ("DELETE", "OLD TABLE AS gone"),
            ("UPDATE", "OLD TABLE AS gone NEW TABLE AS added"),
        ):
            op.execute(
                f"CREATE TRIGGER {tally}_{act.lower()} AFTER {act} ON {self.table} REFERENCING {tables} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION public.{tally}_note()"
            )


class Counting(Rounds):
    """A background that folds a tally every `every` seconds, and passes the counts on to `show` if there is one."""

    def __init__(
        self,
        database: Database,
        tally: Tally,
        show: Callable[[Counts], None] | None = None,
        *,
        every: float = EVERY_SECONDS,
    ) -> None:
        super().__init__()
        self.name = f"counting {tally.table}"
        self._database = database
        self._tally = tally
        self._show = show
        self._every = every

    async def round(self) -> float:
        """Count once; without the database the last figures remain."""
        try:
            await self.count()
        except StoreUnavailable as error:
            log.warning("rows not counted", table=self._tally.table, reason=error.detail)
        return self._every

    async def count(self) -> None:
        """Fold and count once."""
        async with unit_of_work(self._database, durable=False) as uow:
            await self._tally.fold(uow)
            counts = await self._tally.counts(uow) if self._show else {}
        if self._show:
            self._show(counts)


_FUNCTION: Final = """
CREATE FUNCTION public.{tally}_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO public.{tally} ({names}, n)
    SELECT {names}, count(*) FROM (SELECT {read} FROM added WHERE {where}) AS found GROUP BY {names};
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO public.{tally} ({names}, n)
    SELECT {names}, -count(*) FROM (SELECT {read} FROM gone WHERE {where}) AS found GROUP BY {names};
  ELSE
    INSERT INTO public.{tally} ({names}, n)
    SELECT {names}, sum(one) FROM (
      SELECT {read}, 1 AS one FROM added WHERE {where}
      UNION ALL SELECT {read}, -1 FROM gone WHERE {where}) AS moved
    GROUP BY {names} HAVING sum(one) <> 0;
  END IF;
  RETURN NULL;
END $$"""
