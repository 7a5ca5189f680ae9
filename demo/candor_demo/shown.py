"""The summary as people read it."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from candor.replay.engine import Outcome
from candor.replay.importing import Imported
from candor_demo.summary import Score, Summary


def table(title: str, summary: Summary) -> Table:
    """Two columns: what, and how much."""
    shown = Table(title=title, show_header=False, title_justify="left", pad_edge=False)
    shown.add_column(style="bold")
    shown.add_column()
    for name, value in rows(summary):
        shown.add_row(name, value)
    return shown


def rows(summary: Summary) -> list[tuple[str, str]]:
    """Every figure in words, in the order of a reader's questions."""
    s = summary
    never = f", {s.never_completed} never completed" if s.never_completed else ""
    found = [
        ("Promises", f"{s.promises}: {s.kept} kept, {s.late} late (of them {s.cancelled} cancelled{never})"),
        ("Late, warned in time", f"{s.late_warned} of {s.late} ({percent(s.late_warned_share)})"),
        ("Median lead time", f"{duration(s.lead_median_minutes)} before the date they held"),
        ("False alarms", f"{s.false_alarms} of {s.warned} warned ({percent(s.false_alarm_share)})"),
        (
            "All-clears",
            f"{s.all_clears_owed} owed, {s.all_clears_given} given; late after one: {s.late_after_all_clear}",
        ),
        ("Messages a customer", f"{s.messages_mean:.2f} on average, {s.messages_max} at most ({s.messages} in all)"),
    ]
    if s.forecast is None:
        return [*found, ("Forecast", "no frozen forecasts to score")]
    return [*found, ("Brier score", in_words(s.forecast)), *((f"  {k}", in_words(v)) for k, v in s.by_lead.items())]


def in_words(score: Score) -> str:
    """`0.101 against 0.392 of the base rate (skill 0.74), n 3,210`."""
    skill = f" (skill {score.skill:.2f})" if score.skill is not None else ""
    return f"{score.brier:.3f} against {score.base:.3f} of the base rate{skill}, n {score.n:,}"


def percent(share: float | None) -> str:
    """`93 %`, or a dash where there is nothing to share."""
    return "–" if share is None else f"{share * 100:.0f} %"


def duration(minutes: float | None) -> str:
    """`2 h 05 min`, or a dash."""
    if minutes is None:
        return "–"
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def blemishes(states: Mapping[str, int], replayed: Outcome, imported: Imported) -> list[str]:
    """What went wrong on the way, one line each; nothing is glossed over."""
    found = []
    if imported.rejected:
        first = imported.rejected[0]
        found.append(f"{len(imported.rejected)} history events rejected, first {first.id}: {first.code} {first.detail}")
    if replayed.refused:
        first_refused = replayed.refused[0]
        found.append(f"{len(replayed.refused)} events refused, first {first_refused.event_id}: {first_refused.code}")
    if replayed.late:
        found.append(
            f"{replayed.late} events went out more than a second late, at worst {replayed.most_behind_s:.1f} s"
        )
    unsent = {state: count for state, count in states.items() if state not in {"sent", "suppressed"}}
    if unsent:
        found.append("notices not sent: " + ", ".join(f"{count} {state}" for state, count in sorted(unsent.items())))
    return found
