"""Turns stored states into response bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from candor.contracts import MIN_CASES, Component, NoRange, Pause, Standing
from risk_svc.domain import facts as known
from risk_svc.domain import pauses, support, unmet
from risk_svc.domain.components.lateness import MIN_HORIZON_SHARE
from risk_svc.domain.frozen_forecasts import given_up_at
from risk_svc.domain.gap import GapDefinition, band, roll_up
from risk_svc.domain.incidents import Incident, Incidents, weightiest
from risk_svc.domain.next_step import WORDS, Seen, next_step
from risk_svc.domain.scoring import is_told, pause_of
from risk_svc.domain.standings import standing
from risk_svc.domain.state import (
    WITHHELD,
    NoticeRecord,
    PromiseState,
    StepState,
    StepStatus,
    TrailPoint,
    completed_at,
    from_bytes,
)
from risk_svc.forecast.evaluation import LEVELS, Group, Measures, calibrated, caution
from risk_svc.store import queries
from risk_svc.store.states import incident_from, moment, place_name
from risk_svc.store.tables import PromiseStateRow
from risk_svc.web.api import record_responses, responses
from risk_svc.web.track_record import RecentRecord

WEIGHTS: Final = GapDefinition().weights
NAMED: Final = 20
"""Missed steps that an item of a list names."""
SHOWN_STEPS: Final = 500
"""Steps that one promise is shown with; the answer says how many more there are."""
MOST_PAUSES: Final = 16
"""Waits for the customer that one promise is shown with, the newest."""


def item(state: PromiseState) -> responses.GapItem:
    """A promise as shown in lists."""
    return responses.GapItem(**_head(state))


async def promise(
    session: AsyncSession, promise_id: str, now: datetime, weights: Mapping[str, float] = WEIGHTS
) -> responses.GapDetail | None:
    """One promise with everything that explains its gap; None if there is none that may be shown."""
    row = await session.get(PromiseStateRow, promise_id)
    if row is None or not row.shown:
        return None
    incidents, state = Incidents(), from_bytes(row.state)
    for raw in await queries.incidents_at(session, [place_name(place) for place in state.depends_on]):
        incidents.put(incident_from(raw))
    return detail(state, incidents.linked(state), now.timestamp(), weights)


def detail(
    state: PromiseState, linked: Sequence[Incident], now: float, weights: Mapping[str, float] = WEIGHTS
) -> responses.GapDetail:
    """A promise with everything that explains its gap; `linked` are incidents that affect its dependencies."""
    view = state.view
    stands = standing(state)
    (facts, more), hits = known.foremost(state, linked, now), weightiest(linked, known.SHOWN)
    return responses.GapDetail(
        **_head(state),
        forecast=_forecast(state) if stands is Standing.OPEN and view.at else None,
        inputs=_inputs(state, stands, weights),
        facts=[responses.FactOut.model_validate(fact, from_attributes=True) for fact in facts],
        facts_more=more,
        history=[_point(point, pauses.deadline(state, point.at)) for point in view.trail],
        dates=_dates(state),
        milestones=[_milestone(step) for step in state.steps[:SHOWN_STEPS]],
        milestones_more=len(state.steps[SHOWN_STEPS:]),
        scope=_scope(state),
        incidents=[_incident(incident) for incident in hits],
        incidents_more=len(linked) - len(hits),
        notices=[_notice(notice) for notice in state.notices],
        labels=state.labels,
        depends_on=state.depends_on,
        value=state.value,
        currency=state.currency,
        owner=state.owner,
        department=state.department,
        zone=state.zone,
        completed_at=_at(completed_at(state)),
        pauses=[one for wait in pauses.waits(state)[-MOST_PAUSES:] if (one := _pause(pauses.told(wait)))],
        reported_by=sorted(state.reporters),
    )


def customer(
    customer_id: str,
    promises: int,
    still: Sequence[queries.OpenPromise],
    usual: Mapping[str, float] | None = None,
    worst: PromiseState | None = None,
) -> responses.CustomerGap:
    """The roll-up over a customer's open promises; a promise without a value weighs as `usual` for its type.

    If no value is known for its type, it weighs as the median of the customer's known values, or 1.
    """
    some = still[: queries.MAX_OF_CUSTOMER]
    values = [one.value for one in some if one.value is not None]
    otherwise = median(values) if values else 1.0
    weighed = [(usual or {}).get(one.kind, otherwise) if one.value is None else one.value for one in some]
    return responses.CustomerGap(
        customer_id=customer_id,
        score=round(roll_up([(one.score, value) for one, value in zip(some, weighed, strict=True)]), 2),
        promises=promises,
        open=len(some),
        assumed_values=len(some) - len(values),
        worst=None if worst is None else item(worst),
        exact=len(some) == len(still),
    )


def track_record(found: RecentRecord) -> record_responses.TrackRecord:
    """Forecast accuracy as the API returns it."""
    whole = found.record
    return record_responses.TrackRecord(
        **_figures(whole.overall),
        calibrated=calibrated(whole.overall),
        caution=caution(whole),
        left_out=found.left_out,
        period=whole.period,
        over_time=[record_responses.TrackSpan(start=span.start, **_figures(span.track)) for span in whole.over_time],
        by_lead=[_group(group) for group in whole.by_lead],
        by_class=[_group(group) for group in whole.by_class],
    )


def _head(state: PromiseState) -> dict[str, Any]:
    view = state.view
    stands = standing(state)
    sure = support.supported(state, stands)
    missed = [fact.name for fact in unmet.unmet(state, view.at)] if stands is Standing.OPEN else []
    p_slip, told = round(view.p_slip, 4) if sure else None, is_told(state)
    shares = {Component(name): share for name, _, share, _ in view.shares}
    seen = Seen(view.score, p_slip, told=told, missed=bool(missed), shares=shares)
    step = next_step(seen) if stands is Standing.OPEN else None
    return {
        "promise_id": state.promise_id,
        "customer_id": state.customer_id,
        "kind": state.kind,
        "what": state.what,
        "standing": stands,
        "score": round(view.score, 2),
        "band": band(view.score),
        "p_slip": p_slip,
        "base_rate": round(view.observed, 4) if view.observed is not None and stands is Standing.OPEN else None,
        "too_little_history": None if sure else support.words(view.n, view.observed),
        "held_due": moment(state.held_due),
        "as_of": moment(view.at),
        "told": told,
        "missed_steps": missed[:NAMED],
        "missed_steps_more": len(missed[NAMED:]),
        "next_step": step,
        "next_words": "" if step is None else WORDS[step],
        "paused": _pause(pause_of(state, stands)),
        "contributions": [
            responses.ContributionOut(component=Component(name), x=x, share=share, evidence=evidence)
            for name, x, share, evidence in view.shares
        ],
    }


def _pause(found: Pause | None) -> responses.PauseOut | None:
    return None if found is None else responses.PauseOut.model_validate(found, from_attributes=True)


def _forecast(state: PromiseState) -> responses.ForecastOut:
    view = state.view
    enough = view.n >= MIN_CASES
    p50, p80, p90 = (_at(at) if enough else None for at in (view.p50, view.p80, view.p90))
    return responses.ForecastOut(
        p_slip=round(view.p_slip, 4) if support.supported(state, Standing.OPEN) else None,
        p50=p50,
        p80=p80,
        p90=p90,
        basis=view.basis,
        n=view.n,
        model=view.model,
        why=[responses.ReasonOut(words=words, p_slip_without=round(p, 4)) for words, p in view.why] if enough else [],
        no_range=NoRange(view.withheld) if view.withheld and enough else None,
        records=time_records(view.records) if enough else [],
    )


def _inputs(state: PromiseState, stands: Standing, weights: Mapping[str, float]) -> responses.InputsOut:
    view = state.view
    still = stands is Standing.OPEN
    return responses.InputsOut(
        weights={**weights},
        horizon_s=view.horizon if still else max(view.horizon, MIN_HORIZON_SHARE * state.lead),
        p_never=view.never if still else None,
        given_up=still and view.at >= given_up_at(state),
    )


def time_records(records: Sequence[tuple[int, int, int, int]]) -> list[responses.TimeRecordOut]:
    """What stated times of each level held."""
    return [
        responses.TimeRecordOut(
            level=level, n=n, held=support.share_of(held), holds=support.share_of(holds), later_s=later
        )
        for level, (n, held, holds, later) in zip(LEVELS, records, strict=False)
    ]


def _point(point: TrailPoint, deadline: float) -> responses.PointOut:
    # A point from an older row has only a P50: a quantile that was not stored must not read as "may never complete".
    enough, withheld = point.p90 >= 0, point.p50 == WITHHELD
    p50, p80, p90 = (moment(at) if enough and at > 0 else None for at in (point.p50, point.p80, point.p90))
    return responses.PointOut(
        at=moment(point.at),
        score=point.score / 10,
        enough=enough,
        p_slip=point.p_slip / 1000 if point.p50 >= 0 or withheld or point.at > deadline else None,
        p50=p50,
        p80=p80,
        p90=p90,
        model=point.model,
        why=point.why if enough or withheld else "",
    )


def _dates(state: PromiseState) -> responses.DatesOut:
    return responses.DatesOut(
        made_at=moment(state.made_at),
        requested_due=_at(state.requested_due),
        first_due=moment(state.first_due),
        latest_due=moment(state.latest_due),
        held_due=moment(state.held_due),
        deadline=moment(pauses.deadline(state, state.view.at)),
        revisions=state.revisions,
    )


def _milestone(step: StepState) -> responses.MilestoneOut:
    return responses.MilestoneOut(
        name=step.name,
        status=StepStatus(step.status).name.lower(),
        planned=_at(step.planned),
        expected=_at(step.expected),
        at=_at(step.at),
        told=step.told,
        final=step.final,
        reason=step.reason,
        public_reason=step.public_reason,
    )


def _scope(state: PromiseState) -> list[responses.ItemOut]:
    total = sum(part.weight for part in state.scope) or 1.0
    return [
        responses.ItemOut(
            item=part.name,
            weight=part.weight / total,
            supported=part.supported,
            delivered=part.share,
            at=None if part.share is None else moment(part.at),
        )
        for part in state.scope
    ]


def _incident(incident: Incident) -> responses.IncidentOut:
    return responses.IncidentOut(
        incident_id=incident.incident_id,
        category=incident.category,
        title=incident.title,
        public_title=incident.public_title,
        severity=incident.severity,
        opened_at=moment(incident.since),
        resolved_at=_at(incident.until),
        expected_end=_at(incident.expected_end),
    )


def _notice(notice: NoticeRecord) -> responses.NoticeOut:
    return responses.NoticeOut(
        notice_id=notice.notice_id,
        statement=notice.statement,
        state=notice.state,
        at=moment(notice.at),
        told_low=_at(notice.low),
        told_high=_at(notice.high),
        next_update_by=_at(notice.next_update_by),
        reason=notice.reason,
    )


def _at(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def _group(group: Group) -> record_responses.TrackGroup:
    return record_responses.TrackGroup(name=group.name, **_figures(group.track))


def _figures(track: Measures) -> dict[str, Any]:
    return record_responses.TrackFigures.model_validate(track, from_attributes=True).model_dump()
