"""A strip on which a figure is a dot with its interval, and a line says what it is to be compared with. Pure."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

COLOURS: Final = {"dot": "mark, #16404f", "span": "bar, #5d93a6", "line": "late, #a3203a", "axis": "muted, #5b6776"}
"""Of each part of a strip the board's name of its colour, and what it is where the page has no such name."""
HEIGHT: Final = 26
STYLE: Final = """
.strip { display: grid; grid-template-columns: 11rem minmax(0, 1fr) 17rem; gap: .1rem .8rem; width: 100%;
  align-items: center; }
.strip > div { width: 100%; } .strip svg { display: block; }
.strip-words { font-size: .85rem; color: var(--muted, #5b6776); }
@media (max-width: 700px) { .strip { grid-template-columns: minmax(0, 1fr); } }
.strip .axis { opacity: .4; } .strip .line { stroke-width: 2; }
.strip .span { stroke-width: 5; stroke-linecap: round; }
""" + "".join(
    f".strip .{part} {{ stroke: var(--{colour}); fill: var(--{colour}); }}\n" for part, colour in COLOURS.items()
)
"""A name, its strip and its words beside each other; on a phone below each other."""


class Scale(NamedTuple):
    """The values at the left and right ends of strips that stand below each other."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """Where a value lies, as a share of the width; beyond the ends, at them."""
        inside = min(max(value, self.low), self.high)
        # Room at both ends for half a dot.
        return f"{2 + 96 * (inside - self.low) / (self.high - self.low):.2f}%"


def strip(figure: dict[str, Any], scale: Scale, line: float | None = None) -> str:
    """SVG as wide as its place; hidden from screen readers, as words beside it say the same.

    Without a value it has only its axis and the line.
    """
    parts = ['<line x1="2%" x2="98%" y1="13" y2="13" class="axis"/>']
    if line is not None:
        parts.append(f'<line x1="{scale.at(line)}" x2="{scale.at(line)}" y1="0" y2="{HEIGHT}" class="line"/>')
    if figure["value"] is not None:
        if figure["low"] is not None and figure["high"] is not None:
            ends = f'x1="{scale.at(figure["low"])}" x2="{scale.at(figure["high"])}"'
            parts.append(f'<line {ends} y1="13" y2="13" class="span"/>')
        parts.append(f'<circle cx="{scale.at(figure["value"])}" cy="13" r="6" class="dot"/>')
    return f'<svg width="100%" height="{HEIGHT}" aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
