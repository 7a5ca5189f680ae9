"""A mass of messages that waits for a person: what to look at first, and how to release or drop it."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from risk_svc.web.board import style
from risk_svc.web.board.frame import Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.standstill import held_words

NOTHING: Final = "No mass of messages is held. Messages go out one by one, each after a last check."
CHECKS: Final = (
    "Look at three of the promises with the highest gap: is what they say true?",
    "Is there an incident that explains them all? Then customers should hear of it: release.",
    "Are they all from one source or of one promise type? Then that source may report nonsense: have it corrected.",
    "Did it begin with a change of settings or an upgrade? Then undo that, and drop.",
)
WAYS: Final = (
    (
        "Release",
        "candor messages release",
        "release",
        "Each message is checked once more against the newest facts and sent; for an hour nothing is held as a mass.",
    ),
    (
        "Drop",
        "candor messages drop",
        "drop",
        "The messages held now are not sent. New ones wait until somebody releases; what is new is decided anew.",
    ),
)
CALL: Final = """curl "$NOTIFY/v1/mass-hold" -H "Authorization: Bearer $KEY" --json '{"decision": "DECISION"}'"""
WHERE: Final = (
    "The messages belong to notify-svc, which lets an administrator decide and writes it into its audit log. "
    "The board only reads: a signed-in browser cannot send to every customer at once."
)


class Page:
    """One open browser page about held messages."""

    def __init__(self, reading: LiveData) -> None:
        self.reading = reading
        self.moment = page_frame("Held messages")
        self.banner = Banner(reading.standstill)
        with ui.column().classes("w-full max-w-screen-md mx-auto q-pa-sm gap-3"):
            heading("Held messages")
            self.words = ui.label().mark("held")
            self.ways = Part(_ways)
            live(self.banner, 1.0, self.refresh)

    async def refresh(self) -> None:
        """Show what is held now."""
        held = self.reading.held()
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.words.set_text(held_words(held) or NOTHING)
        self.ways.show(bool(held))


def _ways(held: bool) -> None:
    if not held:
        return
    with card():
        section_title("Look first")
        with ui.element("ol").classes("moves"):
            for words in CHECKS:
                with ui.element("li"):
                    ui.label(words)
        ui.link("Promises by gap", "/?sort=score").classes("text-primary")
    for title, command, decision, words in WAYS:
        with card():
            section_title(title)
            ui.label(words)
            _typed(command)
            ui.label("or, with an administrator's key:").style(f"color: {style.MUTED}")
            _typed(CALL.replace("DECISION", decision))
    ui.label(WHERE).style(f"color: {style.MUTED}")


def _typed(command: str) -> None:
    """A command, to be read, selected and copied; a long one breaks rather than making the page wider."""
    shown = ui.label(command).classes("typed")
    shown.tag = "code"
