"""The board's menu: every page that people look for, once, with the one that is shown marked."""

from __future__ import annotations

import pytest
from nicegui import Client, ui

from risk_svc.web.board import frame, menu, mount
from tests.support.contrast import TEXT, contrast

ASIDE = {"/change", "/held", "/inbox/message", "/parked/report", "/sources/request", "/sources/try"}
"""Pages that the board leads to by itself when there is something to see, or from another page."""


def test_every_page_is_in_the_menu_once() -> None:
    paths = [entry.path for entry in menu.MENU]
    assert {*paths} == mount.PAGES.keys() - ASIDE
    assert len({*paths}) == len({entry.words for entry in menu.MENU}) == len(menu.MENU)


@pytest.mark.parametrize("path", [*(entry.path for entry in menu.MENU), "/promises/{promise_id}"])
async def test_the_page_that_is_shown_is_marked(path: str) -> None:
    client = Client(ui.page(path))
    try:
        with client:
            menu.menu()
        links = [one for one in client.elements.values() if isinstance(one, ui.link)]
        assert [one.text for one in links] == [entry.words for entry in menu.MENU]
        marked = [one.props["href"] for one in links if one.props.get("aria-current") == "page"]
        assert marked == [entry.path for entry in menu.MENU if entry.path == path]
        apart = [one.props["href"] for one in links if "ends" in one.classes]
        assert apart == [group[-1].path for group in menu.GROUPS[:-1]]
    finally:
        client.delete()


def test_the_links_are_read_on_the_header() -> None:
    assert contrast("#ffffff", frame.COLOURS["primary"]) >= TEXT
    assert frame.COLOURS["primary"] in menu.STYLE
