"""What the measures find in one simulated company, beside its truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from bench.recovery import truths
from bench.recovery.columns import Columns
from bench.recovery.truths import Population
from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.params import Params
from risk_svc.insight.measures.bias import biases
from risk_svc.insight.measures.factors import factors
from risk_svc.insight.measures.figure import Figure, Unit, exact, share
from risk_svc.insight.measures.hop_records import hop_records
from risk_svc.insight.measures.perception import perception
from risk_svc.insight.measures.punctuality import Steps, joined, punctuality, tallies
from risk_svc.insight.measures.reputation import Told, spread, standings


class Found(NamedTuple):
    """A parameter of the company: what sort it is, its name, its truth, and what a measure says."""

    sort: str
    name: str
    truth: float
    figure: Figure

    @property
    def holds(self) -> bool | None:
        """Whether the interval holds the truth, or a computed figure is it; None where too little history."""
        if self.figure.value is None:
            return None
        if self.figure.low is None or self.figure.high is None:
            return bool(np.isclose(self.figure.value, self.truth))
        return self.figure.low <= self.truth <= self.figure.high


def estimates(params: Params, seed: int, population: Population, *, running: bool = False) -> list[Found]:
    """All parameters, as found in the events of one company; `running`: on the last day on which it promises.

    Then its last promises are open; else all have ended.
    """
    company = Company(params, seed, _last_day(params) if running else None)
    columns = Columns(company.events())
    return [
        *_biases(params, columns),
        *_drifts(params, columns),
        *_claims(params, company, columns),
        *_factors(columns, population),
        *_standings(columns, population),
        *_dates(params, columns, population),
        *_opinions(params, seed, columns),
    ]


def _last_day(params: Params) -> datetime:
    return datetime.combine(params.starts + timedelta(weeks=params.weeks), time(), ZoneInfo(params.zone))


def _biases(params: Params, columns: Columns) -> Iterator[Found]:
    found = biases(columns.completed())
    for sort, parts, said in (
        ("bias of departments", params.departments, found.makers),
        ("bias of crews", params.crews, found.deliverers),
    ):
        true = truths.biases(parts)
        for one in sorted(said, key=lambda one: one.name):
            yield Found(sort, one.name, true[one.name], one.drift)


def _drifts(params: Params, columns: Columns) -> Iterator[Found]:
    records = hop_records(columns.passed())
    for one in records:
        hop = params.statements.drift.get(one.kind)
        yield Found("drift of hops, days", one.kind, hop.days if hop else 0.0, one.days)
    if params.crews:
        imposed = [not one.accepted for one in columns.made.values()]
        yield Found("imposed", "promises", params.handoffs.imposed, share(sum(imposed), len(imposed)))


def _claims(params: Params, company: Company, columns: Columns) -> Iterator[Found]:
    for name, one in params.capabilities.items():
        capability = company.naming.of("", name)
        made = [claim for claim in columns.claims.values() if claim["capability_id"] == capability]
        false = [claim for claim in made if claim["said"] != columns.register[capability]]
        chance = one.wrong if one.claimed != one.status else 0.0
        yield Found("false claims", name, chance, share(len(false), len(made)))
        if one.claimed == one.status or not false:
            continue
        told = Told(
            [claim.get("customer_id", f"prospect {at}") for at, claim in enumerate(false)],
            np.array([claim["recipients"] for claim in false], np.int64),
            *(np.ones(len(false)), np.ones(len(false)), np.zeros(len(false))),
        )
        expected = one.per_week * params.weeks * chance * one.recipients
        yield Found("exposure", name, expected, _counted(spread(told).reach, one.recipients))


def _counted(reach: Figure, recipients: float) -> Figure:
    """A reach with the 95 % interval of what such claims would reach on average (compound Poisson)."""
    value = reach.value or 0.0
    mean = recipients
    off = 1.96 * (value * (mean + (mean - 1) / mean)) ** 0.5
    return Figure(value, value - off, value + off, reach.n, Unit.NUMBER)


def _factors(columns: Columns, population: Population) -> Iterator[Found]:
    lifts = population.lifts()
    for one in sorted(factors(columns.judged(list(lifts))), key=lambda one: one.name):
        yield Found("lift of factors", one.name, lifts[one.name], one.lift)


def _standings(columns: Columns, population: Population) -> Iterator[Found]:
    kept = population.kept()
    for one in sorted(standings(columns.outcomes()), key=lambda one: one.maker):
        yield Found("share kept", one.maker, kept[one.maker], one.share)


def _dates(params: Params, columns: Columns, population: Population) -> Iterator[Found]:
    none = Steps([], np.array([]), np.array([]), np.array([], np.bool_))
    found = punctuality(joined(tallies(columns.settled(), none).values()))
    yield Found("dates", "kept by the first", population.first(), found.first)
    yield Found("dates", "reset", population.told(), found.reset)
    yield Found("dates", "agreed", params.new_dates.agreed, found.agreed)


def _opinions(params: Params, seed: int, columns: Columns) -> Iterator[Found]:
    found = perception(columns.sheets(), exact(0, 0, Unit.SHARE), seed=seed)
    for cell in found.cells:
        weights = dict(params.surveys.groups)[cell.group].opinions[cell.item]  # type: ignore[index]
        top, rating = truths.opinion(weights)
        yield Found("top box", f"{cell.group}, {cell.item}", top, cell.top)
        yield Found("mean rating", f"{cell.group}, {cell.item}", rating, cell.rating)
