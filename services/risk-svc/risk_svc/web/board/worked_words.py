"""What worked, in words: pure, from rows of the sheets `factor` and `checklist`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

Body = Mapping[str, Any]
NOTHING: Final = "No factor holds so far: none makes a difference that cannot be chance."
LITTLE: Final = "Too little history: no factor has 20 promises with it and 20 without that can be matched."


def factor_words(one: Body) -> str:
    """How much more often promises with a factor are kept."""
    lift = one["lift"]
    if lift["value"] is None:
        return f"Too little history: {lift['n']:,} promises could be matched{_overdue(lift)}."
    times = f"{lift['value']:.2f} times as often (95%: {lift['low']:.2f} to {lift['high']:.2f})"
    often = f"Kept {times}, n = {lift['n']:,}{_overdue(lift)}"
    return f"{often}. {'It holds.' if one['holds'] else 'It may be chance.'}"


def head_words(factors: Sequence[Body]) -> str:
    """How many were tried and how many hold."""
    tried = [one for one in factors if one["lift"]["value"] is not None]
    if not tried:
        return LITTLE
    holds = sum(one["holds"] for one in tried)
    if not holds:
        return f"{NOTHING} {len(tried)} were tried."
    return (
        f"{holds} of {len(tried)} factors that were tried hold; of those said to hold, at most 5% may do so by chance. "
        "Promises are compared with others of their type and lead time; what is open past its date counts as not kept."
    )


def checklist_words(one: Body) -> str:
    """Whether promises that follow the checklist do better; of one with items."""
    since = datetime.fromisoformat(one["since"])
    day = f"{since.day} {since:%b %Y}"
    judged = f"It is what held in promises that ended before {day}, whether it holds in all or not. Of those made since"
    lift, with_all, without = one["lift"], one["with_all"], one["without"]
    if lift["value"] is None:
        return f"{judged}: too little history to say whether it helps."
    shares = ", ".join(
        f"{words} {part['value']:.0%} were kept (n = {part['n']:,}{_overdue(part, ', ', '')})"
        for words, part in (("with all of it", with_all), ("without", without))
        if part["value"] is not None
    )
    helps = "it helps" if lift["low"] > 1 else "it harms" if lift["high"] < 1 else "it is not clear whether it helps"
    times = f"{lift['value']:.2f} times as often (95%: {lift['low']:.2f} to {lift['high']:.2f})"
    return f"{judged}: {shares}. Matched by type and lead time that is {times}: {helps}."


def _overdue(figure: Body, before: str = " (", after: str = ")") -> str:
    """How many of a figure's promises are open and overdue, where there are any."""
    late = figure.get("open", 0)
    return f"{before}{late:,} overdue{after}" if late else ""
