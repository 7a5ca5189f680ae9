"""Bars and intervals as lists: each row says its figure in words and draws it beside them as inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

STYLE: Final = """
.plot { margin: 0; width: 100%; } .plot ol { list-style: none; margin: 0; padding: 0; }
.plot li { margin-bottom: 7px; } .plot svg { display: block; overflow: visible; }
.plot .of { display: flex; flex-wrap: wrap; justify-content: space-between; column-gap: 1rem; }
.plot .of b { font-weight: 600; overflow-wrap: anywhere; }
.plot .said, .plot figcaption { color: var(--muted); font-variant-numeric: tabular-nums; font-size: .85rem; }
.plot .ends { display: flex; justify-content: space-between; color: var(--muted); font-size: .85rem; }
.plot .rule { stroke: var(--muted); stroke-dasharray: 2 3; } .plot .bar { fill: var(--bar); opacity: .45; }
.plot .span { stroke-width: 2; } .plot .ink { stroke: var(--mark); fill: var(--mark); }
.plot .late { stroke: var(--late); fill: var(--late); } .plot .early { stroke: var(--early); fill: var(--early); }
.plot .unclear { stroke: var(--muted); fill: var(--muted); }
"""
HEIGHT: Final = 14
INKS: Final = ("ink", "late", "early", "unclear")
"""The colours that a mark may have; none is the only sign of what it means, as the words beside it say it too."""


class Mark(NamedTuple):
    """A row: what it is of, its figure in words, the figure and its interval; without a value nothing is drawn.

    `link`: an address that the name leads to.
    """

    name: str
    words: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    ink: str = "ink"
    link: str = ""


class Scale(NamedTuple):
    """The values at the left and right edge, and the one that a rule marks."""

    low: float
    high: float
    rule: float

    def place(self, value: float) -> str:
        """Where a value is drawn; what lies beyond an edge is at that edge."""
        return f"{100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))):.2f}%"


def from_zero(marks: Sequence[Mark]) -> Scale:
    """A scale from 0 to the largest figure."""
    return Scale(0.0, max([_ends(one)[1] for one in marks if one.value is not None], default=0.0) or 1.0, 0.0)


def around_zero(marks: Sequence[Mark], least: float = 0.1) -> Scale:
    """A scale with 0 in its middle, and room for the figure furthest from it."""
    far = max([max(map(abs, _ends(one))) for one in marks if one.value is not None], default=0.0)
    return Scale(-max(far, least), max(far, least), 0.0)


def plot(
    marks: Sequence[Mark], scale: Scale, title: str, *, bars: bool = False, ends: tuple[str, str] = ("", "")
) -> str:
    """HTML of the rows; `ends` says in words what is left and right, `title` what all of it shows."""
    rows = "".join(_row(one, scale, bars=bars) for one in marks)
    sides = f'<div class="ends"><span>{escape(ends[0])}</span><span>{escape(ends[1])}</span></div>' if any(ends) else ""
    label = escape(title, quote=True)
    return f'<figure class="plot" aria-label="{label}">{sides}<ol>{rows}</ol></figure>'


def _row(one: Mark, scale: Scale, *, bars: bool) -> str:
    name = escape(one.name)
    named = f'<a href="{escape(one.link, quote=True)}">{name}</a>' if one.link else name
    words = f'<div class="of"><b>{named}</b><span class="said">{escape(one.words)}</span></div>'
    return f"<li>{words}{_drawn(one, scale, bars=bars) if one.value is not None else ''}</li>"


def _drawn(one: Mark, scale: Scale, *, bars: bool) -> str:
    assert one.value is not None  # noqa: S101 - what has none is not drawn
    middle, ink = HEIGHT / 2, one.ink if one.ink in INKS else INKS[0]
    rule = scale.place(scale.rule)
    parts = [f'<line class="rule" x1="{rule}" x2="{rule}" y1="0" y2="{HEIGHT}"/>']
    if bars:
        parts.append(f'<rect class="bar" x="0" y="3" height="{HEIGHT - 6}" width="{scale.place(one.value)}" rx="2"/>')
    low, high = (scale.place(end) for end in _ends(one))
    span = f'class="span {ink}"'
    parts.append(f'<line {span} x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>')
    parts += [f'<line {span} x1="{end}" x2="{end}" y1="3" y2="{HEIGHT - 3}"/>' for end in (low, high)]
    parts.append(f'<circle class="{ink}" cx="{scale.place(one.value)}" cy="{middle}" r="4"/>')
    return f'<svg width="100%" height="{HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>'


def _ends(one: Mark) -> tuple[float, float]:
    value = one.value or 0.0
    return (value if one.low is None else one.low, value if one.high is None else one.high)
