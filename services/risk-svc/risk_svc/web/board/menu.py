"""The board's menu: every page of it that is not about one thing, one row each, in the order in which it is shown."""

from __future__ import annotations

from typing import Final, NamedTuple

from nicegui import ui

STYLE: Final = """
.menu { display: flex; width: 100%; gap: 1.1rem; overflow-x: auto; padding: 3px 0 7px; scrollbar-width: none; }
.menu a { color: #fff; white-space: nowrap; text-decoration: none; padding: 2px 0; background: #1f4e5f; }
.menu a:hover { text-decoration: underline; }
.menu .ends { margin-right: .9rem; }
.menu::after { content: ""; flex: 0 0 1px; }
.menu [aria-current] { font-weight: 600; box-shadow: 0 2px #fff; }
@media (min-width: 1000px) { .menu { flex-wrap: wrap; gap: .15rem 1.1rem; } }
"""
"""On a phone the row is scrolled to the page that is shown, the last one whole; a wide window shows all of them."""
IN_SIGHT: Final = """<script>addEventListener("load", () =>
  document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));</script>"""


class Entry(NamedTuple):
    """A page of the menu: its words, and its path below the board's."""

    words: str
    path: str


GROUPS: Final = (
    (
        Entry("Overview", "/"),
        Entry("Weekly brief", "/brief"),
        Entry("Accounts", "/accounts"),
        Entry("Gaps by group", "/groups"),
        Entry("Incidents", "/incidents"),
    ),
    (
        Entry("Teams", "/teams"),
        Entry("On time", "/on-time"),
        Entry("Surprises", "/surprises"),
        Entry("Path", "/path"),
        Entry("Claims", "/claims"),
        Entry("What worked", "/what-worked"),
    ),
    (
        Entry("Hand-offs", "/hand-offs"),
        Entry("Plans", "/plans"),
        Entry("Offers", "/offers"),
        Entry("Wishes", "/wishes"),
        Entry("Challenges", "/challenges"),
    ),
    (Entry("Perception", "/perception"), Entry("Market", "/market")),
    (
        Entry("Forecast accuracy", "/record"),
        Entry("Before promising", "/dates"),
        Entry("New promise", "/new"),
    ),
    (Entry("Inbox", "/inbox"), Entry("What was said", "/said")),
    (Entry("Sources", "/sources"), Entry("Parked", "/parked"), Entry("Import", "/import")),
)
"""What is asked together: how things stand, where gaps come from, what is done, said, will be, waits, and comes in."""
MENU: Final = tuple(entry for group in GROUPS for entry in group)
ENDS: Final = frozenset(group[-1].path for group in GROUPS[:-1])


def menu() -> None:
    """Draw the links, with the page that is shown marked."""
    shown = ui.context.client.page.path
    with ui.element("nav").props('aria-label="Menu"').classes("menu"):
        for words, path in MENU:
            # NiceGUI prefixes the mount path to links that start with a slash.
            link = ui.link(words, path).classes("ends" if path in ENDS else "")
            if path == shown:
                link.props("aria-current=page")
    ui.add_head_html(IN_SIGHT)
