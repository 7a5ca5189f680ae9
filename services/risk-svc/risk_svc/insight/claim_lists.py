"""The register of capabilities as it stands, claims beside it, and whom false ones reached."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED, Total
from candor.web.http.near_names import looked_up, near_in
from risk_svc.insight.asking import Listing, Place, given, page
from risk_svc.insight.forgetting import living

Verdict = Literal["supported", "over_claim", "under_claim", "unregistered", "false"]
CLAIM: Final = (
    *("claim_id", "capability_id", "customer_id", "at", "said", "there", "verdict", "channel", "department"),
    *("region", "edition", "recipients", "reached", "left_over"),
)
"""The columns of a claim in the list."""
CAPABILITY: Final = (
    *("capability_id", "at", "version", "statuses", "claims", "claims_exact", "over_claims", "under_claims"),
    *("told", "corrected", "left_over"),
)
"""The columns of a capability in the list."""
MOST_CLAIMS: Final = 500
"""Claims of a capability that are counted beside it, those with most recipients."""
FALSE: Final = "('over_claim', 'under_claim')"


class ClaimFilter(NamedTuple):
    """Which claims; None does not filter. `verdict` false: over- and under-claims; `left_over`: somebody is left."""

    verdict: Verdict | None = None
    capability_id: str | None = None
    customer_id: str | None = None
    department: str | None = None
    left_over: bool = False


class Recall(NamedTuple):
    """Whom false claims of a capability reached: people told, corrected and left; of how many claims and customers."""

    claims: int
    customers: int
    told: int
    corrected: int
    left_over: int
    exact: bool


class Unknown(NamedTuple):
    """A capability that the register does not have, and those that may be meant."""

    near: list[str]


async def claims(session: AsyncSession, wanted: ClaimFilter, place: Place) -> tuple[list[dict[str, Any]], Total]:
    """A page of claims, those with most recipients first, and how many there are."""
    where, values = given(wanted._replace(verdict=None), _COLUMNS)
    if wanted.verdict == "false":
        where += f" AND one.verdict IN {FALSE}"
    elif wanted.verdict is not None:
        where, values = f"{where} AND one.verdict = CAST(:verdict AS text)", values | {"verdict": wanted.verdict}
    if wanted.left_over:
        where += f" AND one.reached < one.recipients AND one.verdict IN {FALSE}"
    return await page(session, _CLAIMS, where, values, place)


async def register(session: AsyncSession, search: str | None, place: Place) -> tuple[list[dict[str, Any]], Total]:
    """A page of the register by capability, each with what was claimed of it; `search` is how ids begin."""
    where = " WHERE starts_with(capability_id, :search)" if search else ""
    values = {"search": search} if search else {}
    past = f"{' AND' if where else ' WHERE'} capability_id > :name" if place.after else ""
    asked = text(_REGISTER.format(where=where + past)).bindparams(**values, most=place.most, skip=place.skip)
    if place.after:
        asked = asked.bindparams(name=place.after[0])
    rows = (await session.exec(cast(Any, asked))).all()
    counting = text(_REGISTERED.format(where=where)).bindparams(**values)
    number = (await session.exec(cast(Any, counting))).one()[0]
    return [dict(row._mapping) for row in rows], Total.of(number)


async def recall(session: AsyncSession, capability_id: str) -> Recall | Unknown:
    """Whom false claims of a capability reached and who is left; at most 100,000 claims are counted."""
    names = await near_in(session, _NAMES, capability_id)
    if names is not None:
        return Unknown(names)
    row = (await session.exec(cast(Any, _RECALL.bindparams(capability=capability_id)))).one()
    return Recall(row.claims, row.customers, row.told, row.corrected, row.told - row.corrected, row.claims < COUNTED)


_COLUMNS: Final = {
    "capability_id": "one.capability_id = CAST(:capability_id AS text)",
    "customer_id": "one.customer_id = CAST(:customer_id AS text)",
    "department": "one.department = CAST(:department AS text)",
}
_STOOD: Final = """
SELECT statuses FROM insight_capability AS stood WHERE stood.capability_id = one.capability_id AND stood.at <= one.at
ORDER BY stood.at DESC, stood.version DESC LIMIT 1"""
_CLAIMS: Final = Listing(
    f"""one.matter_id AS claim_id, one.capability_id, one.customer_id, one.at, one.said, (
  SELECT each->>'status' FROM jsonb_array_elements(({_STOOD})) AS each
  WHERE coalesce(each->>'region' = one.content->>'region', each->>'region' IS NULL)
    AND coalesce(each->>'edition' = one.content->>'edition', each->>'edition' IS NULL)
  ORDER BY each->>'region' IS NULL, each->>'edition' IS NULL LIMIT 1) AS there,
  one.verdict, one.content->>'channel' AS channel, one.department, one.content->>'region' AS region,
  one.content->>'edition' AS edition, one.recipients, one.reached,
  CASE WHEN one.verdict IN {FALSE} THEN one.recipients - one.reached ELSE 0 END AS left_over""",  # noqa: S608
    f"FROM insight_matter AS one WHERE one.kind = 'claim' AND {living('one')}",
    "one.recipients DESC, one.matter_id DESC",
    "(one.recipients, one.matter_id) < (CAST(:place AS bigint), :name)",
)
_REGISTERED: Final = f"""
SELECT count(*) FROM (SELECT DISTINCT capability_id FROM insight_capability{{where}} LIMIT {COUNTED + 1}) AS found"""  # noqa: S608
_REGISTER: Final = f"""
SELECT one.capability_id, stood.at, stood.version, stood.statuses::text AS statuses, made.*
FROM (SELECT DISTINCT capability_id FROM insight_capability{{where}}
  ORDER BY capability_id LIMIT :most OFFSET :skip) AS one,
LATERAL (SELECT at, version, statuses FROM insight_capability AS entry
  WHERE entry.capability_id = one.capability_id ORDER BY at DESC, version DESC LIMIT 1) AS stood,
LATERAL (SELECT count(*)::int AS claims, count(*) < {MOST_CLAIMS} AS claims_exact,
    (count(*) FILTER (WHERE verdict = 'over_claim'))::int AS over_claims,
    (count(*) FILTER (WHERE verdict = 'under_claim'))::int AS under_claims,
    coalesce(sum(recipients) FILTER (WHERE verdict IN {FALSE}), 0)::bigint AS told,
    coalesce(sum(reached) FILTER (WHERE verdict IN {FALSE}), 0)::bigint AS corrected,
    coalesce(sum(recipients - reached) FILTER (WHERE verdict IN {FALSE}), 0)::bigint AS left_over
  FROM (SELECT verdict, recipients, reached FROM insight_matter AS claim
    WHERE claim.kind = 'claim' AND claim.capability_id = one.capability_id AND {living("claim")}
    ORDER BY recipients DESC LIMIT {MOST_CLAIMS}) AS most) AS made
ORDER BY one.capability_id"""  # noqa: S608
_NAMES: Final = looked_up("SELECT DISTINCT capability_id AS name FROM insight_capability")
_RECALL: Final = text(
    f"""
SELECT count(*)::int AS claims, count(DISTINCT customer_id)::int AS customers,
  coalesce(sum(recipients), 0)::bigint AS told, coalesce(sum(reached), 0)::bigint AS corrected
FROM (SELECT customer_id, recipients, reached FROM insight_matter AS one
  WHERE kind = 'claim' AND capability_id = :capability AND verdict IN {FALSE} AND {living("one")}
  LIMIT {COUNTED}) AS counted"""  # noqa: S608
)
