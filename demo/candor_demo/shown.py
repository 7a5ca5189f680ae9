"""The summary, formatted for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.table import Table

from candor.replay.engine import Outcome
from candor.replay.importing import ImportProgress
from candor_demo.summary import Score, Summary

WHEN: Final = {
    "made": "when promised",
    "left75": "with 75 % of the time left",
    "left50": "with 50 % of the time left",
    "left25": "with 25 % of the time left",
}
EXTREME: Final = 0.2
"""A day is called extreme if its share of late promises differs from the usual one by at least this much."""


def table(title: str, summary: Summary) -> Table:
    """A table of two columns: figure and value."""
    shown = Table(title=title, show_header=False, title_justify="left", pad_edge=False)
    shown.add_column(style="bold")
    shown.add_column()
    for name, value in rows(summary):
        shown.add_row(name, value)
    return shown


def rows(summary: Summary) -> list[tuple[str, str]]:
    """Every figure in words, in the order readers ask for them."""
    s = summary
    never = f", {s.never_completed} never completed" if s.never_completed else ""
    found = [
        ("Promises", f"{s.promises}: {s.kept} kept, {s.late} late (of them {s.cancelled} cancelled{never})"),
        ("Late, warned in time", f"{s.late_warned} of {s.late} ({percent(s.late_warned_share)})"),
        ("Warned, in the median", f"{duration(s.lead_median_minutes)} before the promised date"),
        ("False alarms", f"{s.false_alarms} of {s.warned} warned ({percent(s.false_alarm_share)})"),
        (
            "All-clears",
            f"{s.all_clears_owed} owed, {s.all_clears_given} given; late after all: {s.late_after_all_clear}",
        ),
        ("Messages per customer", f"{s.messages_mean:.2f} on average, {s.messages_max} at most ({s.messages} in all)"),
    ]
    found.append(("Ranges given, held", ranges(s)))
    if s.forecast is None:
        return [*found, ("Forecast", "no frozen forecasts to score")]
    if s.forecast.completed:
        came = f"{percent(s.forecast.by_p80)} of {s.forecast.completed:,}, where 80 % is stated"
        found.append(("Came by P80", came))
    by_lead = ((f"  {lead_words(lead)}", in_words(score)) for lead, score in s.by_lead.items())
    return [*found, ("Error of the forecasts", in_words(s.forecast)), *by_lead]


def ranges(s: Summary) -> str:
    """How many of the ranges that customers were given held: done by the later end, as 8 of 10 are to be."""
    share = percent(s.ranges_held / s.ranges if s.ranges else None)
    return f"{s.ranges_held} of {s.ranges} done by the later time ({share}); {s.without_range} messages without a range"


def lead_words(lead: str) -> str:
    """When a forecast was frozen to be scored: `when promised`, `with 75 % of the time left`, `when it departed`."""
    return WHEN.get(lead) or f"when it {lead.removeprefix('at:')}"


def notes(summary: Summary, usual: float, speed: float) -> list[str]:
    """What the rows mean, and how much the day proves; `usual` is the share of promises that were late before it.

    `speed` is in business seconds per real second.
    """
    said = [
        "Warned in time: told before the promised date, by a warning or a cancellation. A false alarm is a promise "
        "that was warned about and kept; it is owed an all-clear, which takes the warning back.",
    ]
    if summary.forecast is not None:
        said.append(
            "Error of the forecasts: the Brier score, 0 for forecasts that are certain and right, 0.25 for always "
            "saying 50 %. The usual share late is what one would say without a forecast; skill is how much smaller "
            "the forecasts' error is. The rows below are the forecasts of that moment alone; n is their number."
        )
    said.append(
        f"One second is {speed / 60:.0f} minutes of this day: a message sent one second after the decision carries a "
        "time that much later."
    )
    return [*said, one_day(summary, usual)]


def one_day(summary: Summary, usual: float) -> str:
    """Why one day says little about forecast accuracy, in words."""
    late = summary.late / summary.promises if summary.promises else 0.0
    if abs(late - usual) >= EXTREME:
        said = (
            f"This one day is extreme: {percent(late)} came late, where {percent(usual)} did before it. No forecast "
            "expects such a day, so the calibration that the board shows under Forecast accuracy is far off."
        )
    else:
        said = f"This is one day: {percent(late)} came late, where {percent(usual)} did before it."
    return f"{said} One day says little about forecast accuracy; see docs/forecasts.md."


def in_words(score: Score) -> str:
    """`0.101 against 0.392 of the usual share late (skill 0.74), n 3,210`."""
    skill = f" (skill {score.skill:.2f})" if score.skill is not None else ""
    return f"{score.brier:.3f} against {score.base:.3f} of the usual share late{skill}, n {score.n:,}"


def percent(share: float | None) -> str:
    """`93 %`, or a dash for None."""
    return "–" if share is None else f"{share * 100:.0f} %"


def duration(minutes: float | None) -> str:
    """`2 h 05 min`, or a dash for None."""
    if minutes is None:
        return "–"
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def blemishes(states: Mapping[str, int], replayed: Outcome, imported: ImportProgress) -> list[str]:
    """Every problem of the run, one line each."""
    found = []
    if imported.rejected:
        first = imported.rejected[0]
        found.append(f"{len(imported.rejected)} history events rejected, first {first.id}: {first.code} {first.detail}")
    if replayed.refused:
        first_refused = replayed.refused[0]
        found.append(f"{len(replayed.refused)} events refused, first {first_refused.event_id}: {first_refused.code}")
    if replayed.late:
        found.append(
            f"the replay sent {replayed.late} events more than a second after their time, "
            f"at worst {replayed.most_behind_s:.1f} s"
        )
    unsent = {state: count for state, count in states.items() if state not in {"sent", "suppressed"}}
    if unsent:
        found.append("notices not sent: " + ", ".join(f"{count} {state}" for state, count in sorted(unsent.items())))
    return found
