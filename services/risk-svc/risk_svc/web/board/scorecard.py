"""Forecast accuracy in words and rows: shown beside its charts, and instead of them to screen readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from candor.web.http.listings import COUNTED
from risk_svc.forecast.evaluation import JUDGED, Evaluation, Group, Measures, calibrated, caution
from risk_svc.web.track_record import RecentRecord

UNKNOWN: Final = "–"
LEADS: Final = {
    "made": "when made",
    "left75": "75% left",
    "left50": "50% left",
    "left25": "25% left",
}
Row = dict[str, Any]


class Figure(NamedTuple):
    """One number with its meaning and what to compare it with."""

    name: str
    value: str
    beside: str


def figures(track: Measures) -> list[Figure]:
    """Forecast accuracy at a glance; claims nothing if too little is settled."""
    low_high = "" if track.skill_interval is None else " to ".join(percent(end, 1) for end in track.skill_interval)
    error = UNKNOWN if track.calibration_error is None else f"{100 * track.calibration_error:.1f}"
    return [
        Figure("forecasts scored", f"{track.n:,}", f"of {track.promises:,} promises that ended"),
        Figure("Brier skill", percent(track.skill, 1), f"95%: {low_high}" if low_high else "over the usual share late"),
        Figure("calibration error", error, "average error, in points"),
        *(
            Figure(f"came by P{level}", _enough(track, covered(track, level)), f"{level}% was stated")
            for level in (80, 90)
        ),
        Figure("slipped", _enough(track, percent(track.slipped)), _beside(track.base_rate)),
    ]


def verdict(found: RecentRecord) -> str:
    """One line: whether these forecasts can be trusted, or that too little is settled to tell."""
    track = found.record.overall
    if track.too_little_history is not None:
        said = track.too_little_history
        return f"{said[0].upper()}{said[1:]}."
    held = calibrated(track)
    if held is None:
        said = f"Whether they are calibrated is said from {JUDGED:,} scored forecasts on."
    else:
        said = (
            "Forecasts are currently reliable."
            if held
            else "Forecasts are currently unreliable: the calibration is off."
        )
        if not held and caution(found.record):
            said = "What they said does not fit what happened here: the calibration is off."
    careful = f" {warned}" if (warned := caution(found.record)) else ""
    most = " or more" if found.left_out == COUNTED else ""
    left_out = f" {found.left_out:,}{most} older forecasts are left out." if found.left_out else ""
    return said + careful + left_out


def reliability_rows(track: Measures) -> list[Row]:
    """Each tenth of the stated probabilities beside what happened."""
    return [
        {
            "name": f"{100 * item.low:.0f}–{100 * item.low + 10:.0f}%",
            "n": f"{item.n:,}",
            "stated": percent(item.predicted),
            "slipped": percent(item.observed),
        }
        for item in track.reliability
    ]


def period_rows(record: Evaluation) -> list[Row]:
    """Each period, newest first, with its skill and coverage."""
    return [_row(f"{span.start:%Y-%m-%d}", span.track) for span in reversed(record.over_time)]


def group_rows(groups: Iterable[Group]) -> list[Row]:
    """Each lead or class with its skill and coverage."""
    return [_row(group.name, group.track) for group in groups]


def named(groups: Iterable[Group]) -> list[Group]:
    """Groups with their leads in words."""
    return [Group(lead_words(group.name), group.track) for group in groups]


def lead_words(name: str) -> str:
    """E.g. `50% left` (of the time to the promised date), `at departed`."""
    return LEADS.get(name) or name.replace("at:", "at ", 1)


def told(options: dict[str, Any], words: str) -> dict[str, Any]:
    """A chart with its text for screen readers."""
    return options | {
        "aria": {"enabled": True, "label": {"description": f"{words} Its figures are in the table below."}}
    }


def covered(track: Measures, level: int) -> str:
    """The percentage of completed promises that met the time stated for a level."""
    return next((percent(item.covered) for item in track.coverage if round(100 * item.level) == level), UNKNOWN)


def percent(share: float | None, digits: int = 0) -> str:
    """E.g. `12%`, `-3.4%`, `–` if unknown."""
    return UNKNOWN if share is None else f"{share:.{digits}%}"


def _enough(track: Measures, figure: str) -> str:
    """A share only of as many as the verdict needs: of six, 100% would be read as good."""
    return figure if track.too_little_history is None else UNKNOWN


def _beside(base_rate: float | None) -> str:
    return "of these forecasts" if base_rate is None else f"the usual share late was {percent(base_rate)}"


def _row(name: str, track: Measures) -> Row:
    skill = percent(track.skill, 1) if track.skill is not None else "too little history"
    return {
        "name": name,
        "n": f"{track.n:,}",
        "skill": skill,
        "p80": covered(track, 80),
        "p90": covered(track, 90),
        "slipped": percent(track.slipped),
    }
