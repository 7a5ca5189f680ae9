"""One promise: its forecast's fan chart and history, what makes up its gap, and all that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from nicegui import ui

from risk_svc.insight.challenges import ChallengeFilter
from risk_svc.insight.offers import OfferFilter
from risk_svc.insight.plans import PlanFilter
from risk_svc.insight.reviews import ReviewFilter
from risk_svc.insight.wishes import WishFilter
from risk_svc.web.api import responses
from risk_svc.web.board import (
    change_words,
    clarification_words,
    market_words,
    movement_words,
    plan_words,
    style,
    times_held,
    wish_words,
)
from risk_svc.web.board.fan import fan_chart
from risk_svc.web.board.flow import flow_of_path
from risk_svc.web.board.forecast_history import Move, course_chart, fan_may_be_drawn, moves, no_fan_words, rests_on
from risk_svc.web.board.frame import (
    Banner,
    Chart,
    Fold,
    Part,
    card,
    heading,
    live,
    page_frame,
    section_title,
    text_lines,
)
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData
from risk_svc.web.board.pages import challenges, offers
from risk_svc.web.board.pages.path import draw_flow, said_of
from risk_svc.web.board.tables import show_address

ICONS: Final = {
    "made": ("handshake", "primary"),
    "reached": ("check_circle", "positive"),
    "missed": ("cancel", "negative"),
    "cancelled": ("cancel", "negative"),
    "incident": ("thunderstorm", "warning"),
    "resolved": ("wb_sunny", "positive"),
    "notice": ("mail", "secondary"),
    "unsent": ("drafts", "grey-8"),
    "redated": ("event", "primary"),
    "changed": ("edit", "primary"),
    "withdrawn": ("block", "grey-8"),
    "paused": ("pause_circle", "secondary"),
    "resumed": ("play_circle", "secondary"),
    "kept": ("verified", "positive"),
    "broken": ("report", "negative"),
}
LEGEND: Final = (
    "Line: half of similar cases are done by then (P50). Dark band: to P80, light band: to P90; of ten eight "
    "and nine are done by its upper edge. What reaches the top may never be completed."
)
MOVES, SCORE_MOVES, LINES, ENTRIES = 3, 2, 3, 5
"""How many of each are shown above the fold, so that a page is a few phone screens long."""
WIDE, NARROW = "min-width: 290px; flex: 2 1 420px", "min-width: 260px; flex: 1 1 260px"


class Page:
    """One open browser page about one promise."""

    def __init__(self, reading: LiveData, matters: MatterData, promise_id: str, what: str = "") -> None:
        self.reading, self.matters = reading, matters
        self.promise_id = promise_id
        self.moment = page_frame(style.title(promise_id, what))
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-lg mx-auto q-pa-sm"):
            self.missing = ui.label("There is no such promise (any more).")
            self.body = ui.column().classes("w-full")
            with self.body:
                self._parts()
            live(self.banner, 1.0, self.refresh)
        for part in (self.missing, self.body):
            part.set_visibility(False)

    def _parts(self) -> None:
        self.head = Part(_head)
        # Without the promise's address: the HTML is made once for all of them.
        self.change = ui.link("Change it, report a step, or settle it", "/change").classes("strong").mark("change")
        with card():
            section_title("When it is expected")
            self.fan = Chart(280)
            self.legend = ui.expansion("How to read it").props("dense").classes("w-full")
            with self.legend:
                ui.label(LEGEND).style(f"color: {style.MUTED}; font-size: .85rem")
            self.no_fan = ui.label().mark("no-fan")
            self.held = ui.label().style(f"color: {style.MUTED}").mark("times-held")
        with ui.row().classes("w-full gap-4"):
            with _column(WIDE):
                with card():
                    section_title("History")
                    self.course = Chart(200)
                with card():
                    section_title("What moved the forecast, newest first")
                    self.moves = Part(Fold(MOVES, _moves))
            with _column(NARROW):
                with card():
                    section_title("What makes up the gap")
                    self.gap = Part(_gap)
                with card():
                    section_title("What moved the gap")
                    self.moved = Part(text_lines)
                    self.score_moves = Part(Fold(SCORE_MOVES, text_lines))
                with card():
                    section_title("Incidents")
                    self.incidents = Part(Fold(LINES, _incidents))
                with card():
                    section_title("Based on")
                    self.basis = Part(Fold(LINES, text_lines))
        self._parts_about_it()
        with card():
            section_title("What happened, newest first")
            self.timeline = Part(Fold(ENTRIES, _timeline))

    def _parts_about_it(self) -> None:
        with card():
            section_title("Still asked about the need")
            self.asked = Part(Fold(ENTRIES, text_lines))
        self.wished = card()
        with self.wished:
            section_title("Wished for, and not given yet")
            self.wishes = Part(Fold(ENTRIES, text_lines))
        self.way = card()
        with self.way:
            section_title("How the message came about")
            self.said = Part(text_lines)
            self.flow = Part(draw_flow)
            # Without the promise's address, as above.
            self.whole = ui.link("All that was said of it", "/path").classes("text-primary")
        self.planned = card()
        with self.planned:
            section_title("Plans to close the gap")
            self.plans = Part(Fold(ENTRIES, text_lines))
            self.tried = Part(text_lines)
        self.seen = card()
        with self.seen:
            section_title("Public reviews about it")
            self.reviews = Part(Fold(LINES, text_lines))
            ui.link("All reviews", "/market").classes("text-primary")
        self.about = card()
        with self.about:
            section_title("Offered and challenged")
            self.lines = Part(Fold(LINES, text_lines))
            with ui.row():
                # Without the promise's address, as above.
                self.offers = ui.link("Its offers", "/offers").classes("text-primary")
                self.challenges = ui.link("Its challenges", "/challenges").classes("text-primary")

    async def refresh(self) -> None:
        """Read, and redraw what changed."""
        detail = await self.reading.promise(self.promise_id)
        now = self.reading.clock.now()
        self.moment.set_text(style.clock_text(now) + " UTC")
        self.missing.set_visibility(detail is None)
        self.body.set_visibility(detail is not None)
        if detail is None:
            return
        show_address(self.change, f"/change?promise={quote(self.promise_id, safe='')}")
        await self._plans(detail)
        await self._way()
        await self._seen()
        await self._asked()
        await self._wished()
        moved = await self.matters.movement(self.promise_id)
        self.moved.show(movement_words.summary(moved))
        self.score_moves.show(movement_words.moves(moved))
        await self._about()
        drawn = fan_may_be_drawn(detail)
        for part in (self.fan.element, self.legend):
            part.set_visibility(drawn)
        self.no_fan.set_visibility(not drawn)
        self.held.set_text(times_held.words(detail.forecast) if drawn and detail.forecast else "")
        if drawn:
            self.fan.show(fan_chart(detail, now))
        else:
            self.no_fan.set_text(no_fan_words(detail))
        self.moves.show(moves(detail))
        self.basis.show(rests_on(detail, self.reading.silent()) or ["Nothing any more: it is over."])
        self.incidents.show([(one.incident_id, words) for one, words in style.incidents(detail)])
        self.course.show(course_chart(detail, now))
        self.gap.show(sorted(detail.contributions, key=lambda part: -part.share))
        changed = change_words.entries(await self.matters.changes(self.promise_id), detail.zone)
        happened = sorted([*style.timeline(detail), *changed], key=lambda entry: entry.at, reverse=True)
        self.timeline.show([(detail.zone, entry) for entry in happened])

    async def _plans(self, detail: responses.GapDetail) -> None:
        """Its plans, and what was tried before for what its gap is mostly made of; what is under way is in the head."""
        wanted = PlanFilter("all", self.promise_id)
        found = (await self.matters.plans(wanted, "newest", 1)).items
        head = style.headline(detail)
        parts = sorted(detail.contributions, key=lambda part: -part.share) if detail.standing == "open" else []
        tried = await self.matters.actions(parts[0].component) if parts else []
        best = plan_words.best(parts[0].component, tried) if parts else []
        # Who plans nothing anywhere is told of plans on their own page, not on that of every promise.
        self.planned.set_visibility(bool(found or tried))
        under_way = plan_words.still_open(found) if detail.standing == "open" else ""
        self.head.show(head._replace(next=f"{head.next} {under_way}".strip()))
        self.plans.show([plan_words.line(one) for one in found] or [plan_words.NONE_YET])
        self.tried.show(best)

    async def _way(self) -> None:
        found = await self.matters.path(self.promise_id)
        self.way.set_visibility(found is not None and bool(found.chain))
        if found is not None:
            show_address(self.whole, f"/path?promise={quote(self.promise_id, safe='')}")
            self.said.show(said_of(found))
            self.flow.show(flow_of_path(found))

    async def _seen(self) -> None:
        found = await self.matters.reviews(ReviewFilter(promise_id=self.promise_id), 1)
        self.seen.set_visibility(bool(found.items))
        self.reviews.show([market_words.review_line(one) for one in found.items])

    async def _asked(self) -> None:
        found = await self.matters.clarifications(self.promise_id)
        self.asked.show(clarification_words.lines(found.items, found.number))

    async def _wished(self) -> None:
        found = await self.matters.wishes(WishFilter("open", self.promise_id), 1)
        self.wished.set_visibility(bool(found.items))
        self.wishes.show(wish_words.lines(found.items, found.number))

    async def _about(self) -> None:
        offered = await self.matters.offers(OfferFilter(promise_id=self.promise_id), 1)
        doubted = await self.matters.challenges(ChallengeFilter(promise_id=self.promise_id), 1)
        self.about.set_visibility(bool(offered.items or doubted.items))
        self.lines.show([*map(offers.line, offered.items), *map(challenges.line, doubted.items)])
        query = f"?promise={quote(self.promise_id, safe='')}"
        for link, listed, path in ((self.offers, offered, "/offers"), (self.challenges, doubted, "/challenges")):
            link.set_visibility(bool(listed.items))
            show_address(link, path + query)


def _column(style: str) -> ui.column:
    return ui.column().classes("gap-4").style(style)


def _head(head: style.Headline) -> None:
    with ui.row().classes("items-center w-full no-wrap"):
        ui.label(head.score).style(
            f"background: {head.colour}; color: #fff; border-radius: 12px; padding: 4px 14px;"
            "font-size: 1.6rem; font-weight: 650"
        ).mark("score").props('aria-label="gap"')
        with ui.column().classes("gap-0"):
            heading(head.what)
            ui.label(head.who).style(f"color: {style.MUTED}")
    ui.label(head.when)
    if head.next:
        ui.label(f"What to do: {head.next}").classes("text-weight-medium").mark("next")


def _moves(found: Sequence[Move]) -> None:
    if not found:
        ui.label("Nothing yet: it has not been forecast.")
    with ui.element("ol").classes("w-full moves"):
        for move in found:
            with ui.element("li"):
                ui.label(move.when).classes("text-weight-medium")
                ui.label(move.forecast).style(f"color: {style.MUTED}")
                for words in move.happened:
                    ui.label(words)


def _incidents(found: Sequence[tuple[str, str]]) -> None:
    if not found:
        ui.label("None hits it.")
    for incident_id, words in found:
        ui.link(words, f"/incidents/{quote(incident_id, safe='')}").classes("strong")


def _gap(parts: list[responses.ContributionOut]) -> None:
    if not parts:
        ui.label("Nothing: it is on course.")
    for part in parts:
        with ui.column().classes("w-full gap-0"):
            ui.label(f"{part.component.value}, {part.share:.0%} of it")
            bar = ui.linear_progress(part.share, show_value=False, color="accent").props("rounded")
            bar.props(f'aria-label="{part.component.value}"')
            ui.label(part.evidence).style(f"color: {style.MUTED}")


def _timeline(found: Sequence[tuple[str, style.Entry]]) -> None:
    # Not ui.timeline because it makes each entry a level-6 heading.
    with ui.element("ol").classes("w-full happened"):
        for zone, entry in found:
            icon, colour = ICONS.get(entry.kind, ("circle", "grey-8"))
            with ui.element("li"):
                ui.icon(icon, color=colour, size="1.2rem").props("aria-hidden=true")
                with ui.column().classes("gap-0"):
                    ui.label(style.clock_text(entry.at, zone)).style(f"color: {style.MUTED}; font-size: .85rem")
                    ui.label(entry.title).classes("text-weight-medium")
                    if entry.detail:
                        ui.label(entry.detail)
