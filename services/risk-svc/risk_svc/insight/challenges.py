"""Challenges: what employees doubt and why, and what came of it. All that was said of each is in promise-svc."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import Total
from risk_svc.insight.asking import Listing, Place, given, page
from risk_svc.insight.forgetting import living
from risk_svc.insight.offers import NEWEST, PAST, PROMISE

State = Literal["open", "opened", "answered", "settled"]
Outcome = Literal["upheld", "dismissed"]
About = Literal["promise", "claim", "statement"]
ITEM: Final = (
    *("challenge_id", "about", "about_id", "promise_id", "customer_id", "department", "state", "outcome", "at"),
    *("changed_at", "promise_kind", "promise_standing", "score", "reason"),
)
"""The columns of a challenge in the list."""


class ChallengeFilter(NamedTuple):
    """Which challenges; None does not filter. open: opened or answered."""

    state: State | None = None
    outcome: Outcome | None = None
    about: About | None = None
    about_id: str | None = None
    promise_id: str | None = None
    customer_id: str | None = None
    department: str | None = None


async def challenges(
    session: AsyncSession, wanted: ChallengeFilter, place: Place
) -> tuple[list[dict[str, Any]], Total]:
    """A page of challenges, newest first, and how many there are."""
    where, values = given(wanted._replace(state=None if wanted.state == "open" else wanted.state), COLUMNS)
    if wanted.state == "open":
        where += " AND one.state IN ('opened', 'answered')"
    return await page(session, _CHALLENGES, where, values, place)


COLUMNS: Final = {
    "state": "one.state = CAST(:state AS text)",
    "outcome": "one.content->>'outcome' = CAST(:outcome AS text)",
    "about": "one.content->>'about' = CAST(:about AS text)",
    "about_id": "one.content->>'about_id' = CAST(:about_id AS text)",
    "promise_id": "one.promise_id = CAST(:promise_id AS text)",
    "customer_id": "one.customer_id = CAST(:customer_id AS text)",
    "department": "one.department = CAST(:department AS text)",
}
_CHALLENGES: Final = Listing(
    """one.matter_id AS challenge_id, one.content->>'about' AS about, one.content->>'about_id' AS about_id,
  one.promise_id, one.customer_id, one.department, one.state, one.content->>'outcome' AS outcome,
  one.content->>'reason' AS reason, one.at,
  one.changed_at, known.kind AS promise_kind, known.standing AS promise_standing,
  round(known.score::numeric, 2)::float8 AS score""",
    f"FROM insight_matter AS one WHERE one.kind = 'challenge' AND {living('one')}",
    NEWEST,
    PAST,
    PROMISE,
)
