"""The pure part of a batch: which promises have ended, one forecast for all others, and which have changed."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Final

from candor.contracts import Standing
from risk_svc.domain import frozen_forecasts, untaught
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.predictions import prediction_of
from risk_svc.domain.resting import rests
from risk_svc.domain.scoring import score_open, score_settled
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState
from risk_svc.forecast.view import Incident, View
from risk_svc.forecasting.live import PublishedModel, hits_of, view_of
from risk_svc.worker.touched import PromiseChange

MAX_EXPLAINED: Final = 40
"""Forecasts explained per batch, about half a millisecond each; in a catch-up the others wait for their next one."""
FEW_EXPLAINED: Final = 10
ROUND_SHARE: Final = 0.04
"""Of an incident's round so many are explained, or this share: its turns may be short, and 40 would fill them."""


def explained_of_a_round(touched: int) -> int:
    """How many forecasts of one turn of an incident's round are explained."""
    return min(MAX_EXPLAINED, max(FEW_EXPLAINED, round(ROUND_SHARE * touched)))


class Scoring:
    """Scores one batch: `scores` are frozen forecasts of ended promises, `settled_or_open` all with a new view.

    `leaving` are promises that memory need not keep: they have ended, or rest. Nothing but the promises is changed.
    """

    def __init__(self, published: PublishedModel, definition: GapDefinition, now: float, system: float) -> None:
        self.scores: list[frozen_forecasts.ForecastScore] = []
        self.settled_or_open: list[PromiseChange] = []
        self.leaving: set[str] = set()
        self._changed: dict[str, PromiseChange] = {}
        self._known: dict[str, tuple[View, list[Incident]]] = {}
        self._published = published
        self._definition = definition
        self._now = now
        self._system = system

    @property
    def changed(self) -> list[PromiseChange]:
        """Promises whose row has to be written."""
        return list(self._changed.values())

    def change(self, item: PromiseChange) -> None:
        """Mark the promise's row to be written."""
        self._changed[item.state.promise_id] = item

    def explain(self, told: Sequence[PromiseState], most: int = MAX_EXPLAINED) -> None:
        """Find what moved the forecasts of published promises, at most of `most`, widest gaps first."""
        open_ones = [state for state in told if state.promise_id in self._known]
        widest = heapq.nlargest(most, open_ones, key=lambda state: state.view.score)
        whys = self._published.why([self._known[state.promise_id] for state in widest], self._now)
        for state, why in zip(widest, whys, strict=True):
            frozen_forecasts.explain(state.view, why)

    def run(self, touched: Sequence[PromiseChange]) -> None:
        """Score all touched promises; those touched only by the clock count as changed only if the result differs."""
        still_open: list[PromiseChange] = []
        for item in touched:
            if item.by_event:
                self.change(item)
            if item.state.placeholder:
                continue
            stands = standing(item.state)
            if stands is not Standing.OPEN:
                self._settle(item, stands)
            elif not item.state.historical:
                # An imported promise that is still open is neither scored nor shown; it teaches through the journal.
                still_open.append(item)
        if still_open:
            self._forecast(still_open)

    def _forecast(self, items: Sequence[PromiseChange]) -> None:
        linked = [item.partition.incidents.linked(item.state) for item in items]
        views = [view_of(item.state, self._now) for item in items]
        hits = [hits_of(struck, self._now) for struck in linked]
        found = prediction_of(self._published.forecast(views, hits, self._now))
        for item, struck, view, hit, one in zip(items, linked, views, hits, found, strict=True):
            state = item.state
            self._known[state.promise_id] = (view, hit)
            before = (state.view.doubtful_since, len(state.view.frozen))
            score_open(state, struck, one, self._now, self._definition, self._published.next_change(view, self._now))
            state.view.review = min(state.view.review, untaught.taught_from(state))
            if before != (state.view.doubtful_since, len(state.view.frozen)):
                self.change(item)
            self._give_up(item)
            if rests(state, struck, self._now):
                self.leaving.add(state.promise_id)
                self.change(item)
            self.settled_or_open.append(item)

    def _give_up(self, item: PromiseChange) -> None:
        given_up = frozen_forecasts.given_up_at(item.state)
        if item.state.view.given_up or self._now < given_up:
            return
        if item.partition.heard.oldest(self._system) < given_up:
            # Its completion may still arrive: while older events come in, review again at the next tick.
            item.state.view.review = self._now
            return
        item.state.view.given_up = True
        self.change(item)
        # Scored now because a promise that never ends would otherwise be missing from forecast accuracy.
        self.scores += frozen_forecasts.scored(item.state, 1, self._now)

    def _settle(self, item: PromiseChange, stands: Standing) -> None:
        state = item.state
        self.leaving.add(state.promise_id)
        if state.historical:
            return
        slipped = frozen_forecasts.slipped(stands)
        if slipped is not None and state.view.sent_standing != stands.value:
            self.scores += frozen_forecasts.scored(state, slipped, self._now)
        score_settled(state, stands, self._now, self._definition)
        self.settled_or_open.append(item)
