"""Claims that are not met: how far they spread, and what the accounts that were told them may lose."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from risk_svc.insight.claims import AT_THE_TIME, LEVELS, THERE
from risk_svc.insight.forgetting import living
from risk_svc.insight.measures.reputation import Spread, Told, spread
from risk_svc.insight.sheets import Row, figure_body, risk_body
from risk_svc.insight.told import Accounts

if TYPE_CHECKING:
    from candor.store.db import Database
    from risk_svc.insight.measures.value_at_risk import AtRisk

PAGE: Final = 5_000
MOST: Final = 100_000
"""Claims that are taken into account, those with most recipients."""
MOST_CAPABILITIES: Final = 500
"""Capabilities whose claims are simulated, those told to most accounts."""
WEIGHT: Final = 1.0
"""How much a recipient counts, whatever the channel. Assumed."""
DAY: Final = 86_400.0


class Unmet(NamedTuple):
    """An over-claim of which the register still has less than was said.

    `left` of those who were told were not corrected since; without a customer they are prospects. `at` is in epoch
    seconds.
    """

    claim_id: str
    capability_id: str
    customer_id: str | None
    left: int
    at: float


async def read(database: Database) -> list[Unmet]:
    """The unmet claims there are, read by pages. Raises StoreUnavailable."""
    found: list[Unmet] = []
    place: tuple[int | None, str] = (None, "")
    while len(found) < MOST:
        rows = await database.pool.fetch(_UNMET, *place, PAGE)
        found += [Unmet(*(row[name] for name in Unmet._fields)) for row in rows if not row["there_now"]]
        if len(rows) < PAGE:
            break
        place = (rows[-1]["recipients"], rows[-1]["claim_id"])
    return found


def accounts_of(claims: Iterable[Unmet], most: int = MOST_CAPABILITIES) -> Accounts:
    """The accounts that were told each capability, of those told to most accounts."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in claims:
        if one.customer_id is not None:
            found[one.capability_id].add(one.customer_id)
    widest = sorted(found, key=lambda name: (-len(found[name]), name))[:most]
    return Accounts({name: frozenset(found[name]) for name in widest})


def spread_rows(claims: Sequence[Unmet], risks: Mapping[str, AtRisk], currency: str | None, now: float) -> list[Row]:
    """A row a capability with unmet claims, widest reach first; `risks` of those that accounts were told."""
    by_capability: dict[str, list[Unmet]] = defaultdict(list)
    for one in claims:
        by_capability[one.capability_id].append(one)
    accounts = Counter(name for name, _ in {(one.capability_id, one.customer_id) for one in claims if one.customer_id})
    rows = []
    for name, some in sorted(by_capability.items()):
        found, risk = spread_of(some, now), risks.get(name)
        body: dict[str, Any] = {
            "capability_id": name,
            "claims": len(some),
            "accounts": accounts[name],
            "prospects": sum(one.left for one in some if one.customer_id is None),
            "reach": found.reach.value,
            "effective": None if found.effective.value is None else round(found.effective.value, 2),
            "growth": figure_body(found.growth),
            **risk_body(risk if risk is not None and risk.expected.n else None),
            "currency": currency,
        }
        rows.append(Row(name, found.reach.value or 0.0, body))
    return rows


def spread_of(claims: Sequence[Unmet], now: float) -> Spread:
    """How far unmet claims of one capability reach; each prospect is an account of their own."""
    return spread(
        Told(
            [one.customer_id or one.claim_id for one in claims],
            np.array([one.left for one in claims], np.int64),
            np.ones(len(claims)),
            np.full(len(claims), WEIGHT),
            np.array([(now - one.at) / DAY for one in claims], np.float64),
            np.array([one.customer_id is None for one in claims], np.bool_),
        )
    )


_NOW: Final = THERE.replace(AT_THE_TIME, "")
_UNMET: Final = f"""
SELECT claim.matter_id AS claim_id, claim.capability_id, claim.customer_id, claim.recipients - claim.reached AS left,
  extract(epoch FROM claim.at)::float8 AS at, claim.recipients,
  coalesce(array_position({LEVELS}, ({_NOW})) >= array_position({LEVELS}, claim.said), false) AS there_now
FROM insight_matter AS claim
WHERE kind = 'claim' AND verdict = 'over_claim' AND reached < recipients AND {living("claim")}
  AND ($1::bigint IS NULL OR (recipients, matter_id) < ($1::bigint, $2::text))
ORDER BY recipients DESC, matter_id DESC LIMIT $3"""  # noqa: S608 - constants only
