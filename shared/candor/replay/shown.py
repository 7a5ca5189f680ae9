"""Shows the progress of replays and imports on the terminal."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from candor.escaping import escaped
from candor.replay.engine import BEHIND_S, Outcome
from candor.replay.importing import ImportProgress

ReplayReport = Callable[[Outcome], None]
ImportReport = Callable[[ImportProgress], None]


def progress(console: Console, *, hidden: bool = False) -> Progress:
    """The progress display used by all commands; hidden where no terminal shows it, and by `hidden`."""
    return Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
        # In a file or a journal a bar is noise before the line that says what is wrong.
        disable=hidden or not console.is_terminal,
        transient=False,
    )


def replay_reporter(display: Progress, total: int, name: str = "replaying") -> ReplayReport:
    """Shows a replay: events answered, business time, and how far behind it is, if it is."""
    task = display.add_task(name, total=total, note="")

    def report(outcome: Outcome) -> None:
        display.update(task, completed=outcome.sent, note=replay_note(outcome))

    return report


def replay_note(outcome: Outcome) -> str:
    """One line beside the bar, e.g. `2013-03-08 14:05 UTC, 1.4 s behind, 2 refused`."""
    parts = [f"{outcome.business_time:%Y-%m-%d %H:%M} UTC"] if outcome.business_time else []
    if outcome.behind_s > BEHIND_S:
        parts.append(f"{outcome.behind_s:.1f} s behind")
    if outcome.refused:
        parts.append(f"{len(outcome.refused)} refused, last: {outcome.refused[-1].code}")
    return escaped(", ".join(parts))


def import_reporter(display: Progress, name: str = "importing") -> ImportReport:
    """Shows an import: lines answered, and how many were already known or rejected."""
    task = display.add_task(name, total=None, note="")

    def report(imported: ImportProgress) -> None:
        known = imported.replayed + imported.skipped
        parts = [f"{known} already known"] if known else []
        if imported.refused:
            parts.append(f"{imported.refused} rejected")
        display.update(task, total=imported.total, completed=imported.done, note=", ".join(parts))

    return report
