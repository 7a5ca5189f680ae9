"""Figures of insight in words: shares and drifts with interval and number, or that there is too little history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from risk_svc.web.board import style

Body = Mapping[str, Any]
NOTHING: Final = "–"
UNNAMED: Final = "(none named)"
VERDICTS: Final = {
    "optimistic": "later than said: oversold",
    "padded": "earlier than said: padded",
    "unclear": "no clear direction",
    "too_little_history": "too little history",
}


def name_of(body: Body) -> str:
    """The name of a group; promises that name none are a group as well."""
    return str(body["name"]) or UNNAMED


def share_words(figure: Body) -> str:
    """A share, e.g. `86% (81–90%), n 260 (7 overdue)`, or that there is too little history."""
    if figure["value"] is None:
        return f"too little history, {number_words(figure)}"
    return f"{figure['value']:.0%} ({100 * figure['low']:.0f}–{figure['high']:.0%}), {number_words(figure)}"


def drift_words(figure: Body) -> str:
    """A drift with its interval, e.g. `+21% (+14 to +29%), n 260 (7 overdue)`, or that there is too little history."""
    if figure["value"] is None:
        return f"too little history, {number_words(figure)}"
    said = f"{figure['value']:+.0%} ({100 * figure['low']:+.0f} to {figure['high']:+.0%}), {number_words(figure)}"
    return said.replace("-", "−")


def number_words(figure: Body) -> str:
    """Of how many a figure is, and how many of them are open and overdue where there are any."""
    late = figure.get("open", 0)
    return f"n\u00a0{figure['n']:,}" + (f" ({late:,}\u00a0overdue)" if late else "")


def silence_words(body: Body) -> str:
    """How long nothing was heard of a customer with an open gap, or that there is too little history; a dash else."""
    if body.get("contact") is None or body.get("silence") is None:
        return NOTHING
    last, figure = body["last_word_at"], body["silence"]
    heard = "no word of theirs is known"
    if last is not None:
        heard = f"last word {style.clock_text(datetime.fromisoformat(last))} UTC"
    if figure["value"] is None:
        return f"too little history; {heard}"
    said = f"{figure['value']:.1f} usual intervals ({figure['low']:.1f} to {figure['high']:.1f})"
    return f"{'silent: ' if body['contact'] == 'silent' else ''}{said}, n\u00a0{figure['n']:,}; {heard}"


def made_words(made_at: datetime | None, promises: int) -> str:
    """When figures were worked out and of how many promises."""
    if made_at is None:
        return "Not worked out so far: the process risk-svc insight does that, seconds after its start."
    number = f"{promises:,} promise{'' if promises == 1 else 's'}"
    return f"Worked out {style.clock_text(made_at)} UTC from {number}."
