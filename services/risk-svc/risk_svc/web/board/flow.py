"""A message's way as a picture: a box for each department, an arrow for each hop, as inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, NamedTuple

from risk_svc.insight.hearing import passed
from risk_svc.insight.measures.distortion import THRESHOLD, Hop, Slot
from risk_svc.insight.paths import HopRecord, PromisePath
from risk_svc.web.board.style import COLOURS, GREY

BOX, HIGH, ARROW = 108.0, 44.0, 132.0
"""Width and height of a box, and the length of an arrow, in pixels."""
DOWN: Final = 84.0
"""The length of an arrow of the upright picture."""
BANDS: Final = ((0.0, "none"), (0.05, "low"), (THRESHOLD, "medium"), (2 * THRESHOLD, "high"), (4 * THRESHOLD, "severe"))
SAME: Final = 0.05
"""Days by which a date moves at least to be called another one."""
INK: Final = "#1f2a37"


class Arrow(NamedTuple):
    """A hop: lines of text on it, and its distortion, None where it is not stated or nothing was heard before."""

    source: str
    target: str
    lines: tuple[str, ...]
    distortion: float | None = None


class Flow(NamedTuple):
    """Departments in the order in which messages pass through them, and the arrows between them."""

    boxes: tuple[str, ...]
    arrows: tuple[Arrow, ...]


def flow_of_records(records: Sequence[HopRecord]) -> Flow:
    """Kinds of hops with their mean drift; what was said first has an arrow without one."""
    arrows = {
        (one.said_by, one.said_to): Arrow(
            one.said_by, one.said_to, record_lines(one), None if one.distortion.value is None else one.distortion.value
        )
        for one in records
    }
    for one in records:
        for source in one.sources:
            arrows.setdefault((source, one.said_by), Arrow(source, one.said_by, ("as first said",)))
    return _flow(arrows.values())


def flow_of_path(found: PromisePath) -> Flow:
    """The path of one promise, from who said it first."""
    if not found.chain:
        return Flow((), ())
    first = found.chain[0]
    hops = passed(found.chain)
    arrows = [Arrow(first.said_by, first.said_to, ("as first said",))]
    arrows += [
        Arrow(one.hop.by, one.hop.target, (changed_words(one.hop), f"D {one.hop.distortion:.2f}"), one.hop.distortion)
        for one in hops
    ]
    # Who speaks without having been told directly is joined to whom they had it from.
    told = {(one.source, one.target) for one in arrows}
    arrows += [
        Arrow(one.hop.source, one.hop.by, ("not told directly",))
        for one in hops
        if (one.hop.source, one.hop.by) not in told
    ]
    return _flow(arrows)


def record_lines(one: HopRecord) -> tuple[str, ...]:
    """What an arrow says of a kind of hop."""
    if one.distortion.value is None:
        return (f"n = {one.n}", "too little history")
    return (days_words(one.days.value), f"D {one.distortion.value:.2f}, n = {one.n:,}")


def days_words(days: float | None) -> str:
    """By how much a date moved, in words."""
    if days is None:
        return "no date"
    return "same date" if abs(days) < SAME else f"{abs(days):.1f} d {'later' if days > 0 else 'earlier'}"


def changed_words(one: Hop) -> str:
    """What of a message a hop changed: its date, or else the part that changed most, in words."""
    slot = max(one.drifts, key=lambda name: one.drifts[name].size, default=None)
    moved = one.days is not None and abs(one.days) >= SAME
    if moved or slot is None or slot is Slot.DATE or not one.drifts[slot].size:
        return days_words(one.days)
    return f"other {slot}" if slot is Slot.CONDITIONS else f"another {slot}"


def words(flow: Flow) -> str:
    """The picture in words, for who does not see it."""
    if not flow.arrows:
        return "No message was passed on."
    return "; ".join(f"{one.source} to {one.target}: {', '.join(one.lines)}" for one in flow.arrows) + "."


def colour(distortion: float | None) -> str:
    """The colour of an arrow, or of the badge of a message."""
    if distortion is None:
        return GREY
    return COLOURS[[name for least, name in BANDS if distortion >= least][-1]]


def picture(flow: Flow) -> str:
    """The picture lying for wide screens and upright for narrow ones; the browser shows one of them."""
    return f'<div class="flow-wide">{svg(flow)}</div><div class="flow-narrow">{svg(flow, upright=True)}</div>'


def svg(flow: Flow, *, upright: bool = False) -> str:
    """The picture as SVG; its words stand beside it, so that it is hidden from screen readers."""
    many = len(flow.boxes)
    over = any(_far(flow, one) for one in flow.arrows)
    draw = _Upright(over) if upright else _Lying(over)
    wide, high = draw.size(many)
    parts = [draw.arrow(flow.boxes.index(one.source), flow.boxes.index(one.target), one) for one in flow.arrows]
    parts += [draw.box(at, name) for at, name in enumerate(flow.boxes)]
    return (
        f'<svg viewBox="0 0 {wide:g} {high:g}" width="{wide:g}" height="{high:g}" aria-hidden="true" '
        f'focusable="false" style="max-width:100%;height:auto">{"".join(parts)}</svg>'
    )


class _Lying:
    """From left to right; an arrow over other boxes is an arc above them."""

    def __init__(self, over: bool) -> None:
        self.top = 76.0 if over else 40.0

    def size(self, many: int) -> tuple[float, float]:
        return many * BOX + max(0, many - 1) * ARROW + 2, self.top + HIGH + 24

    def box(self, at: int, name: str) -> str:
        return _box(1 + at * (BOX + ARROW), self.top, name)

    def arrow(self, source: int, target: int, one: Arrow) -> str:
        left = 1 + source * (BOX + ARROW) + BOX
        right = 1 + target * (BOX + ARROW)
        middle = self.top + HIGH / 2
        if target == source + 1:
            line = f"M{left + 2:g} {middle:g}H{right - 10:g}"
            return _line(line, one, (right, middle), "right") + _text((left + right) / 2, middle - 14, one, up=True)
        over = f"Q{(left + right) / 2:g} {-self.top / 3:g} {right + BOX / 2:g} {self.top - 9:g}"
        line = f"M{left - BOX / 2:g} {self.top:g}{over}"
        # Below the top of the arc, which is at .3 of the room above the boxes, and above the words of short arrows.
        text = _text((left + right) / 2, 0.3 * self.top + 17, one, up=False)
        return _line(line, one, (right + BOX / 2, self.top), "down") + text


class _Upright:
    """From top to bottom; an arrow past other boxes is an arc on the left, with its words in the list."""

    def __init__(self, over: bool) -> None:
        self.left = 60.0 if over else 1.0

    def size(self, many: int) -> tuple[float, float]:
        return self.left + BOX + 150, many * HIGH + max(0, many - 1) * DOWN + 2

    def box(self, at: int, name: str) -> str:
        return _box(self.left, 1 + at * (HIGH + DOWN), name)

    def arrow(self, source: int, target: int, one: Arrow) -> str:
        top = 1 + source * (HIGH + DOWN) + HIGH
        bottom = 1 + target * (HIGH + DOWN)
        middle = self.left + BOX / 2
        if target == source + 1:
            line = f"M{middle:g} {top + 2:g}V{bottom - 10:g}"
            text = _text(middle + 16, (top + bottom) / 2 - 4, one, anchor="start")
            return _line(line, one, (middle, bottom), "down") + text
        end = bottom + HIGH / 2
        line = f"M{self.left:g} {top - HIGH / 2:g}Q{-self.left / 2:g} {(top + bottom) / 2:g} {self.left - 9:g} {end:g}"
        return _line(line, one, (self.left, end), "right")


def _flow(found: Iterable[Arrow]) -> Flow:
    """Boxes such that arrows go forwards as far as they can: the ones that most others lead to come last."""
    arrows = tuple(found)
    names = dict.fromkeys(name for one in arrows for name in (one.source, one.target))
    depth = dict.fromkeys(names, 0)
    # As many rounds as there are boxes are enough for any way without a circle.
    for _ in names:
        for one in arrows:
            if one.source != one.target:
                depth[one.target] = max(depth[one.target], min(depth[one.source] + 1, len(names)))
    boxes = tuple(sorted(names, key=lambda name: (depth[name], name)))
    place = {name: at for at, name in enumerate(boxes)}
    return Flow(boxes, tuple(sorted(arrows, key=lambda one: (place[one.source], place[one.target]))))


def _far(flow: Flow, one: Arrow) -> bool:
    return flow.boxes.index(one.target) != flow.boxes.index(one.source) + 1


def _box(x: float, y: float, name: str) -> str:
    short = name if len(name) <= 14 else f"{name[:13]}…"
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{BOX:g}" height="{HIGH:g}" rx="8" fill="#fff" stroke="{GREY}"/>'
        f'<text x="{x + BOX / 2:g}" y="{y + HIGH / 2 + 5:g}" text-anchor="middle" font-size="14" font-weight="600" '
        f'fill="{INK}">{escape(short)}</text>'
    )


def _line(path: str, one: Arrow, tip: tuple[float, float], way: str) -> str:
    ink, wide = colour(one.distortion), 1.5 + 8 * min(1.0, one.distortion or 0.0)
    x, y = tip
    points = (
        f"{x - 11:g},{y - 7:g} {x:g},{y:g} {x - 11:g},{y + 7:g}"
        if way == "right"
        else f"{x - 7:g},{y - 11:g} {x:g},{y:g} {x + 7:g},{y - 11:g}"
    )
    dashed = ' stroke-dasharray="4 4"' if one.distortion is None else ""
    return (
        f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{wide:.1f}"{dashed}/>'
        f'<polygon points="{points}" fill="{ink}"/>'
    )


def _text(x: float, y: float, one: Arrow, *, up: bool = False, anchor: str = "middle") -> str:
    first = y - 16 * (len(one.lines) - 1) if up else y
    return "".join(
        f'<text x="{x:g}" y="{first + 16 * at:g}" text-anchor="{anchor}" font-size="12.5" fill="{INK}">'
        f"{escape(line)}</text>"
        for at, line in enumerate(one.lines)
    )
