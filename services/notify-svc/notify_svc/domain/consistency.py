"""Whether the statements of one letter are consistent: its range, chance, first sentence and times.

Pure; it compares the figures in the letter, not its words. Readers compare with the promised time as the letter states
it, without tolerance. The range is P50 to P80: half of such cases are done by its lower end, eight of ten by its upper
end. If range and chance disagree, the range is given and the chance is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from candor.contracts import Statement
from notify_svc.domain.facts import Forecast, Gap, Promise
from notify_svc.domain.schedule import step_of

HALF: Final = 50
MOST: Final = 80
PAST_THE_DATE: Final = "the range lies past the promised time"
OTHERWISE: Final = "the range says otherwise of the promised time"
OTHER_DATE: Final = "the forecast is about another date than the one promised"

Ends = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFigures:
    """What one letter states.

    `lead` names its first sentence, `due` is the promised time and `deadline` adds the tolerance. `chance` is the
    chance to be on time in percent, 0 if none is given; `earlier` is the range told before.
    """

    statement: Statement
    lead: str
    now: datetime
    due: datetime
    deadline: datetime
    told: Ends | None = None
    chance: int = 0
    next_update_by: datetime | None = None
    completed_at: datetime | None = None
    earlier: Ends | None = None


def chance_beside(
    promise: Promise, gap: Gap, told: Ends | None, now: datetime, *, open_matter: bool
) -> tuple[int, str]:
    """The chance in percent (1–99) that it is still on time, or 0 and why it is left out ("" if none belongs here)."""
    if gap.forecast is None or not open_matter or now >= promise.held_due:
        return 0, ""
    if gap.held_due != promise.held_due:
        return 0, OTHER_DATE
    chance = in_percent(gap.forecast)
    if told is None or _fits(chance, told, promise.held_due):
        return chance, ""
    return 0, PAST_THE_DATE if told[0] >= promise.held_due else OTHERWISE


def in_percent(forecast: Forecast) -> int:
    """The chance to be on time as a letter states it: never 0 % and never 100 %."""
    return stated(1 - forecast.p_slip)


def stated(chance: float) -> int:
    """A chance of 0 to 1 in percent, as it is told: 0 and 100 would claim to be certain."""
    return min(99, max(1, round(chance * 100)))


def range_beside(statement: Statement, told: Ends | None, due: datetime) -> tuple[Ends | None, str]:
    """The range to give, or None and why: "we expect to keep it" and a range past the date exclude each other."""
    if statement is Statement.ALL_CLEAR and told is not None and told[1] > due:
        return None, "the range ends past the promised time, which we expect to keep"
    return told, ""


def late_fits(late: int, told: Ends | None, due: datetime) -> bool:
    """Whether a chance of `late` percent to be late is consistent with this range."""
    if told is None:
        return True
    return late >= HALF if told[0] >= due else _fits(100 - late, told, due)


def probably_late(forecast: Forecast | None, low: datetime | None, due: datetime) -> bool:
    """Whether a letter may say "probably late": both chance and range must make it more likely than not."""
    likely = forecast is not None and forecast.p_slip >= 0.5 and in_percent(forecast) < HALF
    return likely and (low is None or low > due)


def contradictions(said: LetterFigures) -> list[str]:
    """Every pair of statements in a letter that cannot both be true, in words; empty if all are consistent."""
    return [*_chance(said), *_opening(said), *_end(said), *_times(said), *_comparison(said)]


def _fits(chance: int, told: Ends, due: datetime) -> bool:
    low, high = told
    if low >= due:
        return False
    return chance >= MOST if high <= due else HALF <= chance <= MOST


def _chance(said: LetterFigures) -> Iterator[str]:
    if not said.chance:
        return
    if said.now >= said.due:
        yield "a chance to be on time after the promised time"
    if said.told is not None and not _fits(said.chance, said.told, said.due):
        yield f"{said.chance} in 100 to be on time, and {PAST_THE_DATE if said.told[0] >= said.due else OTHERWISE}"
    if said.lead == "slip" and said.chance >= HALF:
        yield f"probably late, and {said.chance} in 100 to be on time"


def _opening(said: LetterFigures) -> Iterator[str]:
    if said.lead == "slip" and said.told is not None and said.told[0] <= said.due:
        yield "probably late, and a range that begins by the promised time"
    if said.lead == "late" and said.now <= said.due:
        yield "late, before the promised time"
    if said.lead == "back" and said.now >= said.due:
        yield "back on track, after the promised time"
    if said.lead == "back" and said.told is not None and said.told[1] > said.due:
        yield "back on track, and a range that ends past the promised time"


def _end(said: LetterFigures) -> Iterator[str]:
    if said.lead != "done" or said.completed_at is None:
        return
    if said.statement is Statement.ALL_CLEAR and said.completed_at > said.due:
        yield "done on time, and completed after the promised time"
    if said.statement is not Statement.ALL_CLEAR and said.completed_at <= said.due:
        yield "done late, and completed by the promised time"


def _times(said: LetterFigures) -> Iterator[str]:
    if said.told is not None and said.told[0] < said.now:
        yield "a range that begins in the past"
    by = said.next_update_by
    if by is not None and by <= said.now:
        yield "a next update in the past"
    if by is not None and said.now < said.due < by:
        yield "a next update after the promised time, which lies ahead"


def _comparison(said: LetterFigures) -> Iterator[str]:
    told, earlier = said.told, said.earlier
    if said.lead == "same" and told != earlier:
        yield "nothing new, and another range than before"
    if told is None or earlier is None:
        return
    if said.lead == "later" and not (told[0] >= earlier[0] and told[1] > earlier[1]):
        yield "later than before, and a range that is not"
    if said.lead == "earlier" and not (told[0] < earlier[0] and told[1] < earlier[1]):
        yield "earlier than before, and a range that is not"


def compared(told: Ends, earlier: Ends, said_at: datetime) -> str:
    """How a range compares with the one told at `said_at`: `same`, `later`, `earlier`, or `open` for none of these."""
    if told == earlier:
        return "same"
    step: timedelta = step_of(earlier[0] - said_at)
    if told[1] > earlier[1] + step and told[0] >= earlier[0]:
        return "later"
    return "earlier" if told[1] < earlier[1] - step and told[0] < earlier[0] else "open"
