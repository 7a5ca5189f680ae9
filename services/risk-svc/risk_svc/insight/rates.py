"""The rates of the figures in money as a table: what one unit of each currency is worth in that of the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from candor.store.lease import Connection


async def save(connection: Connection, rates: Mapping[str, float]) -> None:
    """Make these all the rates; without a currency ("") an amount is in that of the figures."""
    names = sorted(rates)
    await connection.execute(_DROP, names)
    await connection.execute(_SAVE, names, [rates[name] for name in names])


_DROP: Final = "DELETE FROM insight_rate WHERE currency <> ALL($1::text[])"
_SAVE: Final = """
INSERT INTO insight_rate AS known (currency, rate) SELECT * FROM unnest($1::text[], $2::float8[])
ON CONFLICT (currency) DO UPDATE SET rate = excluded.rate WHERE known.rate <> excluded.rate"""
RATED: Final = "LEFT JOIN insight_rate ON insight_rate.currency = coalesce(insight_promise.currency, '')"
"""SQL that gives a promise the `rate` of its currency, NULL where there is none."""
SUMS: Final = """coalesce((
    SELECT jsonb_agg(to_jsonb(each) - 'rate' ORDER BY value * rate DESC NULLS LAST, currency) FROM (
      SELECT currency, round(coalesce(sum(value), 0)::numeric, 2) AS value, count(*) AS promises,
        count(*) - count(value) AS unvalued, max(rate) AS rate
      FROM hit GROUP BY currency) AS each), '[]')"""
"""SQL of what the promises `hit` are worth by currency, the largest sum by the rates first."""
