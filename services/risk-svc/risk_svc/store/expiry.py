"""What of scores and sign-in has an end: the words of promises that are over and of resolved incidents, sessions."""

from __future__ import annotations

from typing import Final

from msgspec import msgpack
from msgspec.structs import replace

from candor.store.retention import Expiry, Rule, Step
from candor.store.unit_of_work import UnitOfWork
from candor.web.security.sessions import ABSOLUTE
from risk_svc.domain.pauses import wordless
from risk_svc.domain.state import PromiseState, from_bytes, to_bytes
from risk_svc.settings import RiskSettings
from risk_svc.store.states import incident_from

SESSION_DAYS: Final = 2 * ABSOLUTE.total_seconds() / 86_400
LASTING: Final = "'requested', 'countered', 'opened', 'answered', 'offered', 'registered', 'open', 'asked'"
"""States in which a matter is still needed as a whole."""
_encode: Final = msgpack.Encoder().encode


def expiries(settings: RiskSettings) -> list[Expiry]:
    """The rules of this service's own tables."""
    return [
        PromiseWords(settings.texts_kept_days),
        IncidentWords(settings.texts_kept_days),
        InsightWords(settings.texts_kept_days),
        Rule(
            "insight_redating",
            "words_since",
            settings.texts_kept_days,
            "words_since IS NOT NULL",
            "reason = '', words_since = NULL",
        ),
        Rule(
            "insight_incident",
            "words_since",
            settings.texts_kept_days,
            "words_since IS NOT NULL AND resolved_at IS NOT NULL",
            "title = '', words_since = NULL",
        ),
        Rule(
            "insight_statement",
            "words_since",
            settings.texts_kept_days,
            "words_since IS NOT NULL",
            "scope = NULL, conditions = NULL, unit = NULL, words_since = NULL",
        ),
        Rule(
            "insight_matter",
            "words_since",
            settings.texts_kept_days,
            f"words_since IS NOT NULL AND (state NOT IN ({LASTING}) OR kind = 'clarification' AND state = 'answered')",
            # What a challenge is about, and its outcome, are no words of anybody's.
            "content = CASE kind WHEN 'challenge' THEN content - 'reason' ELSE '{}' END, department = NULL, "
            "deliverer = NULL, words_since = NULL",
        ),
        Rule("staff_session", "began", SESSION_DAYS),
        Rule("used_link", "until", 0),
    ]


class PromiseWords:
    """Empties the words of promises that ended so long ago; one that changes again is due again later."""

    name = table = "promise_state"

    def __init__(self, days: float) -> None:
        self.days = days

    async def step(self, uow: UnitOfWork, most: int) -> Step:
        """Empty at most `most` rows that no other process is at."""
        rows = await uow.connection.fetch(PROMISES, self.days, most)
        names = [row["promise_id"] for row in rows]
        states = [to_bytes(without_words(from_bytes(row["state"]))) for row in rows]
        await uow.connection.execute(_EMPTY_PROMISES, names, states)
        return Step(len(rows), len(rows) == most)


class IncidentWords:
    """Empties the titles of incidents that were resolved so long ago.

    A worker that has one in memory keeps its title until it starts again.
    """

    name = table = "incident"

    def __init__(self, days: float) -> None:
        self.days = days

    async def step(self, uow: UnitOfWork, most: int) -> Step:
        """Look at no more than `most` rows; an open one is looked at again after as many days."""
        rows = await uow.connection.fetch(INCIDENTS, self.days, most)
        over = [(row, known) for row in rows if (known := incident_from(row["data"])).until is not None]
        emptied = [_encode(replace(known, title="", public_title="")) for _, known in over]
        places = ([row["partition"] for row, _ in over], [row["incident_id"] for row, _ in over])
        await uow.connection.execute(_EMPTY_INCIDENTS, *places, emptied)
        still = [row for row in rows if all(row is not one for one, _ in over)]
        await uow.connection.execute(_LATER, [row["partition"] for row in still], [row["incident_id"] for row in still])
        return Step(len(over), len(rows) == most)


class InsightWords:
    """Empties, in what `insight` keeps, the words of promises that ended so long ago."""

    name = table = "insight_promise"

    def __init__(self, days: float) -> None:
        self.days = days

    async def step(self, uow: UnitOfWork, most: int) -> Step:
        """Empty at most `most` rows that no other process is at."""
        rows = await uow.connection.fetch(INSIGHT, self.days, most)
        names = [row["promise_id"] for row in rows]
        states = await uow.connection.fetch(_INSIGHT_STATES, names)
        bare = [to_bytes(without_words(from_bytes(row["state"]))) for row in states]
        await uow.connection.execute(_EMPTY_INSIGHT_STATES, [row["promise_id"] for row in states], bare)
        await uow.connection.execute(_EMPTY_INSIGHT, names)
        return Step(len(rows), len(rows) == most)


def without_words(state: PromiseState) -> PromiseState:
    """The promise with its ids, versions, dates and figures, and the names by which later reports are matched."""
    view = replace(
        state.view,
        shares=[(component, x, share, "") for component, x, share, _ in state.view.shares],
        why=[],
        trail=[replace(point, why="") for point in state.view.trail],
    )
    steps = [replace(step, reason="", public_reason="") for step in state.steps]
    marks = wordless(state.pauses)
    bare = replace(state, what="", labels={}, depends_on=[], steps=steps, view=view, pauses=marks)
    return replace(bare, owner=None, department=None, deliverer=None)


PROMISES: Final = """
SELECT promise_id, state FROM promise_state
WHERE words_since IS NOT NULL AND words_since < now() - make_interval(secs => $1::float8 * 86400)
LIMIT $2 FOR UPDATE SKIP LOCKED"""
_EMPTY_PROMISES: Final = """
UPDATE promise_state SET state = new.state, words_since = NULL
FROM unnest($1::text[], $2::bytea[]) AS new (promise_id, state) WHERE promise_state.promise_id = new.promise_id"""
INSIGHT: Final = """
SELECT promise_id FROM insight_promise
WHERE words_since IS NOT NULL AND words_since < now() - make_interval(secs => $1::float8 * 86400)
LIMIT $2 FOR UPDATE SKIP LOCKED"""
_INSIGHT_STATES: Final = "SELECT promise_id, state FROM insight_state WHERE promise_id = ANY($1::text[])"
_EMPTY_INSIGHT_STATES: Final = """
UPDATE insight_state SET state = new.state FROM unnest($1::text[], $2::bytea[]) AS new (promise_id, state)
WHERE insight_state.promise_id = new.promise_id"""
_EMPTY_INSIGHT: Final = """
UPDATE insight_promise SET labels = '{}', places = '[]', owner = NULL, department = NULL, deliverer = NULL,
  words_since = NULL
WHERE promise_id = ANY($1::text[])"""
INCIDENTS: Final = """
SELECT partition, incident_id, data FROM incident
WHERE words_since IS NOT NULL AND words_since < now() - make_interval(secs => $1::float8 * 86400)
LIMIT $2 FOR UPDATE SKIP LOCKED"""
_EMPTY_INCIDENTS: Final = """
UPDATE incident SET data = new.data, words_since = NULL
FROM unnest($1::int[], $2::text[], $3::bytea[]) AS new (partition, incident_id, data)
WHERE (incident.partition, incident.incident_id) = (new.partition, new.incident_id)"""
_LATER: Final = """
UPDATE incident SET words_since = now() FROM unnest($1::int[], $2::text[]) AS new (partition, incident_id)
WHERE (incident.partition, incident.incident_id) = (new.partition, new.incident_id)"""
