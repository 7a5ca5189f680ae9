"""The history of a promise's forecast: each forecast, what happened in between, and what it rests on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from candor.contracts import MIN_CASES, Standing
from risk_svc.domain import support
from risk_svc.domain.chance import chance_words
from risk_svc.domain.components.lateness import span
from risk_svc.web.api import responses
from risk_svc.web.board import style, times_held
from risk_svc.web.standstill import Silence

STEPS_OF_TIME: Final = 300
"""The present is drawn in steps of lead time / 300: finer ones are invisible and cost every watcher."""
NO_MOVERS: Final = frozenset({"made", "notice", "unsent"})


class ForecastPeriod(NamedTuple):
    """A forecast valid from `at` on, and what happened since the one before it.

    Without `enough` to state times, quantiles are None; without enough similar promises so is `p_slip` until the date
    has passed. Otherwise a quantile of None means it may never be completed. `over`: no longer a forecast but the
    promise's outcome.
    """

    at: datetime
    enough: bool
    p_slip: float | None
    p50: datetime | None
    p80: datetime | None
    p90: datetime | None
    model: int
    happened: tuple[str, ...] = ()
    over: bool = False

    @property
    def named(self) -> tuple[tuple[str, datetime | None], ...]:
        return (("P50", self.p50), ("P80", self.p80), ("P90", self.p90))


def forecast_periods(detail: responses.GapDetail) -> list[ForecastPeriod]:
    """The stored forecasts, oldest first."""
    events = [entry for entry in style.timeline(detail) if entry.kind not in NO_MOVERS]
    held, since = [], datetime.min.replace(tzinfo=UTC)
    for place, point in enumerate(detail.history, 1):
        over = detail.standing is not Standing.OPEN and place == len(detail.history)
        between = [_words(entry) for entry in events if since < entry.at <= point.at]
        happened = tuple([point.why, *between] if point.why else between)
        held.append(
            ForecastPeriod(
                point.at, point.enough, point.p_slip, point.p50, point.p80, point.p90, point.model, happened, over
            )
        )
        since = point.at
    return held


def until_now(detail: responses.GapDetail, held: Sequence[ForecastPeriod], now: datetime) -> list[ForecastPeriod]:
    """The same, extended to the present; a promise that is over gets nothing after its end."""
    forecast = detail.forecast
    if detail.standing is not Standing.OPEN or forecast is None or not held:
        return list(held)
    at, enough = present_of(detail, now), states_times(forecast)
    return [
        *held,
        ForecastPeriod(at, enough, forecast.p_slip, forecast.p50, forecast.p80, forecast.p90, forecast.model),
    ]


def present_of(detail: responses.GapDetail, now: datetime) -> datetime:
    """Now, rounded to visible steps; never before the newest known point."""
    made = detail.dates.made_at
    step = max((detail.dates.held_due - made) / STEPS_OF_TIME, timedelta(seconds=1))
    seen = made + (now - made) // step * step
    return max([seen, detail.as_of, *(point.at for point in detail.history)])


def states_times(forecast: responses.ForecastOut) -> bool:
    """Whether it may say when: it rests on enough promises, and such times hold."""
    return forecast.n >= MIN_CASES and forecast.no_range is None


def fan_may_be_drawn(detail: responses.GapDetail) -> bool:
    """Whether forecasts with enough history cover some span of time."""
    stated = sum(point.enough for point in detail.history)
    forecast = detail.forecast
    return stated >= 2 if forecast is None else stated >= 1 and states_times(forecast)


def no_fan_words(detail: responses.GapDetail) -> str:
    """Why there is no fan chart, and what can be stated instead."""
    if detail.forecast is None:
        return "No forecast of it was ever stated."
    if detail.forecast.no_range is not None:
        return times_held.words(detail.forecast)
    said = detail.too_little_history or support.words(detail.forecast.n, detail.base_rate)
    return f"{said[0].upper()}{said[1:]}. When it will be done is stated from {MIN_CASES} similar promises on."


def rests_on(detail: responses.GapDetail, silent: Sequence[Silence] = ()) -> list[str]:
    """What the current forecast rests on and what moved it most, one line each; empty if the promise is over.

    Of `silent` senders those are named that reported its steps: gap and forecast end with their last word.
    """
    forecast = detail.forecast
    if forecast is None:
        return []
    lines = [f"{forecast.basis}; {forecast.n:,} similar promises"]
    if forecast.model:
        lines.append(f"model version {forecast.model:,}")
    for one in silent:
        if one.source in detail.reported_by:
            since = f"{one.since:%d %b %H:%M} UTC"
            lines.append(
                f"no word from {one.source} since {since}, which is unusual: nothing later is known of its steps"
            )
    return lines + [f"{item.words}: without it {chance_words(item.p_slip_without)} would slip" for item in forecast.why]


class Move(NamedTuple):
    """A line about a forecast that differs from the one before, with what happened in between."""

    when: str
    forecast: str
    happened: tuple[str, ...]


def moves(detail: responses.GapDetail) -> list[Move]:
    """How the forecast moved, newest first; points without news are left out."""
    found: list[Move] = []
    before: ForecastPeriod | None = None
    for held in forecast_periods(detail):
        if held.happened or before is None or _said(detail, held) != _said(detail, before):
            forecast = movements(detail, before, held)
            found.append(Move(style.clock_text(held.at, detail.zone), forecast, held.happened))
        before = held
    return found[::-1]


def movements(detail: responses.GapDetail, before: ForecastPeriod | None, held: ForecastPeriod) -> str:
    """A forecast in one line, with the previous risk of delay; for a promise that is over, its outcome."""
    if held.over:
        return f"over: {late_words(held.p50, detail.dates.held_due) if held.p50 else 'it did not come'}"
    if held.p_slip is None:
        return "too little history for a forecast"
    chance = chance_words(held.p_slip)
    if before is not None and before.p_slip is not None and (earlier := chance_words(before.p_slip)) != chance:
        chance = f"{earlier} → {chance}"
    return f"risk of delay {chance}; {lateness(detail, held)}"


def lateness(detail: responses.GapDetail, held: ForecastPeriod) -> str:
    """P50, P80 and P90 against the promised date: `P50 12 min early, P80 1.5 h late, P90 may never be completed`."""
    due = detail.dates.held_due
    if not held.enough:
        return "no time was stated"
    if held.p50 is None:
        return "may never be completed"
    return ", ".join(f"{name} {late_words(at, due)}" for name, at in held.named)


def late_words(at: datetime | None, due: datetime) -> str:
    """E.g. `35 min late`, `1.5 h early`, `on time`."""
    if at is None:
        return "may never be completed"
    late = (at - due).total_seconds()
    return "on time" if abs(late) < 30 else f"{span(abs(late))} {'late' if late > 0 else 'early'}"


def _said(detail: responses.GapDetail, held: ForecastPeriod) -> str:
    return movements(detail, None, held)


def course_chart(detail: responses.GapDetail, now: datetime) -> dict[str, Any]:
    """Gap and P(slip) over the promise's life, 0–100, in its own zone; the vertical line is the promised date."""
    zone = detail.zone
    points = [(point.at, point.score, point.p_slip) for point in detail.history]
    if points and detail.standing is Standing.OPEN:
        points.append((present_of(detail, now), detail.score, detail.p_slip))
    stamps = [wall_ms(at, zone) for at, _, _ in points]
    due = wall_ms(detail.dates.held_due, zone)
    # Its words lie towards the middle: at an edge of the chart they would be cut off.
    middle = (min([*stamps, due]) + max([*stamps, due])) / 2
    label = {"formatter": "promised date", "align": "right" if due >= middle else "left"}
    mark = {"symbol": "none", "data": [{"xAxis": due}], "label": label}
    said = f"Gap {style.badge(detail.score)[0]} of 100; risk of delay {style.slip(detail)}."
    line = {"type": "line", "step": "end", "showSymbol": False}
    return {
        "aria": {"enabled": True, "label": {"description": f"Gap and risk of delay over time. Now: {said}"}},
        "useUTC": True,
        "grid": {"left": 40, "right": 24, "top": 36, "bottom": 44},
        "legend": {"top": 0},
        "tooltip": {"trigger": "axis", "confine": True},
        # A page refreshed every second would keep redrawing its line from the left.
        "animation": False,
        "xAxis": time_axis(zone) | {"max": max([*stamps, due])},
        "yAxis": {"type": "value", "min": 0, "max": 100},
        "series": [
            line
            | {
                "name": "gap",
                "areaStyle": {"opacity": 0.15},
                "color": style.COLOURS["severe"],
                "data": [[at, round(score, 1)] for at, (_, score, _) in zip(stamps, points, strict=True)],
                "markLine": mark,
            },
            line
            | {
                "name": "risk of delay, %",
                "color": "#1f6f8b",
                "data": [
                    [at, None if p is None else round(100 * p)] for at, (_, _, p) in zip(stamps, points, strict=True)
                ],
            },
        ],
    }


def time_axis(zone: str) -> dict[str, Any]:
    """A time axis whose name is the zone of its times."""
    name = {"name": zone, "nameLocation": "middle", "nameGap": 26, "nameTextStyle": {"color": style.GREY}}
    return {"type": "time", "axisLabel": {"hideOverlap": True}, **name}


def wall_ms(moment: datetime, zone: str) -> float:
    """Milliseconds for a time axis: local wall-clock time passed as UTC because ECharts knows no zones."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC).timestamp() * 1000


def _words(entry: style.Entry) -> str:
    return f"{entry.title}, {entry.detail}" if entry.detail else entry.title
