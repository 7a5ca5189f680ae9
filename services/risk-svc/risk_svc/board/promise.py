"""One promise: its course, what makes its gap, and all that happened to it."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from risk_svc import schemas
from risk_svc.board import look
from risk_svc.board.frame import live, page_frame
from risk_svc.board.reading import Reading

ICONS: Final = {
    "made": ("handshake", "primary"),
    "reached": ("check_circle", "positive"),
    "missed": ("cancel", "negative"),
    "cancelled": ("cancel", "negative"),
    "incident": ("thunderstorm", "warning"),
    "resolved": ("wb_sunny", "positive"),
    "notice": ("mail", "secondary"),
    "kept": ("verified", "positive"),
    "broken": ("report", "negative"),
}


class Page:
    """One open browser page about one promise."""

    def __init__(self, reading: Reading, promise_id: str) -> None:
        self.reading = reading
        self.promise_id = promise_id
        self.shown: schemas.GapDetail | None = None
        self.moment = page_frame("Promise")
        with ui.column().classes("w-full max-w-screen-lg mx-auto q-pa-sm"):
            self.body = ui.column().classes("w-full")
            live(1.0, self.refresh)

    async def refresh(self) -> None:
        """Read; draw again where something changed."""
        detail = await self.reading.promise(self.promise_id)
        self.moment.set_text(look.clock_text(self.reading.clock.now()) + " UTC")
        if detail is None:
            if self.shown is None and not self.body.default_slot.children:
                with self.body:
                    ui.label("There is no such promise (any more).")
            return
        if detail != self.shown:
            self.shown = detail
            self.body.clear()
            with self.body:
                draw(detail)


def draw(detail: schemas.GapDetail) -> None:
    """The page's contents."""
    _head(detail)
    with ui.row().classes("w-full gap-2"):
        with ui.card().props("flat bordered").classes("col-grow").style("min-width: 300px; flex: 2 1 420px"):
            ui.label("Its course").classes("text-subtitle1")
            ui.echart(look.course_chart(detail)).classes("w-full").style("height: 260px")
        with ui.card().props("flat bordered").style("min-width: 260px; flex: 1 1 260px"):
            _why(detail)
    with ui.card().props("flat bordered").classes("w-full"):
        ui.label("What happened").classes("text-subtitle1")
        with ui.timeline(side="right", layout="dense"):
            for entry in look.timeline(detail):
                icon, colour = ICONS.get(entry.kind, ("circle", "grey"))
                with ui.timeline_entry(
                    title=entry.title, subtitle=look.clock_text(entry.at, detail.zone), icon=icon, color=colour
                ):
                    if entry.detail:
                        ui.label(entry.detail)


def _head(detail: schemas.GapDetail) -> None:
    with ui.row().classes("items-center w-full"):
        ui.label(f"{detail.score:.0f}").style(
            f"background: {look.COLOURS[detail.band]}; color: #fff; border-radius: 12px; padding: 4px 14px;"
            "font-size: 1.6rem; font-weight: 650"
        ).mark("score").props('aria-label="gap"')
        with ui.column().classes("gap-0"):
            ui.label(detail.what).classes("text-h6")
            ui.label(f"{detail.customer_id} · {look.STATES[detail.standing]}").style(f"color: {look.MUTED}")
    zone = detail.zone
    parts = [f"held date {look.clock_text(detail.dates.held_due, zone)}"]
    if detail.dates.latest_due != detail.dates.held_due:
        parts.append(f"latest told {look.clock_text(detail.dates.latest_due, zone)}")
    forecast = detail.forecast
    if forecast is not None:
        parts.append(detail.too_little_history or f"may slip {look.slip(detail)}")
        if forecast.p50 and forecast.p80:
            low, high = look.clock_text(forecast.p50, zone), look.clock_text(forecast.p80, zone)
            parts.append(f"expected {low} to {high}")
    ui.label(" · ".join(parts) + f" ({zone})")


def _why(detail: schemas.GapDetail) -> None:
    ui.label("What makes the gap").classes("text-subtitle1")
    if not detail.contributions:
        ui.label("Nothing: it is on course.")
    for part in sorted(detail.contributions, key=lambda part: -part.share):
        with ui.column().classes("w-full gap-0"):
            ui.label(f"{part.component.value}, {part.share:.0%} of it")
            bar = ui.linear_progress(part.share, show_value=False, color="accent").props("rounded")
            bar.props(f'aria-label="{part.component.value}"')
            ui.label(part.evidence).style(f"color: {look.MUTED}")
    if detail.forecast is not None:
        ui.separator()
        ui.label("What the forecast rests on").classes("text-subtitle2")
        ui.label(f"{detail.forecast.basis}; {detail.forecast.n:,} like promises")
