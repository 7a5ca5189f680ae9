"""Whoever sees poorly can read the board: the contrast of every colour that the code names."""

from __future__ import annotations

import re

import pytest

from candor.local.mailbox import pages as mailbox
from candor.web.http import docs, plain_page
from risk_svc.web.board import fan, frame, palette, plots, style
from tests.support.contrast import SIGN, TEXT, contrast

WHITE, PAPER = "#ffffff", palette.LIGHT["paper"]
GROUNDS = ("paper", "card", "code")


def test_the_measure_is_wcags() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#777777", "#777") == 1


@pytest.mark.parametrize("colour", [*style.COLOURS.values(), *frame.COLOURS.values()])
def test_white_is_read_on_every_badge_and_button(colour: str) -> None:
    assert contrast(colour, WHITE) >= TEXT


@pytest.mark.parametrize("paper", [WHITE, PAPER])
@pytest.mark.parametrize("ink", [style.GREY, fan.HELD, fan.LATE, fan.PRESENT, frame.COLOURS["negative"]])
def test_text_is_read_on_cards_and_paper(ink: str, paper: str) -> None:
    assert contrast(ink, paper) >= TEXT


@pytest.mark.parametrize("colour", [fan.INK, *(colour for _, colour in fan.MARKS.values())])
def test_marks_of_charts_are_seen(colour: str) -> None:
    assert contrast(colour, WHITE) >= SIGN


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_words_are_read_and_marks_are_seen_by_light_and_by_dark(colours: dict[str, str], ground: str) -> None:
    for name in ("ink", "muted", "link"):
        assert contrast(colours[name], colours[ground]) >= TEXT, name
    for name in ("ring", "mark", "late", "early"):
        assert contrast(colours[name], colours[ground]) >= SIGN, name


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("colour", [*palette.MARKS.values()])
def test_quasars_words_and_icons_are_read_by_dark(colour: str, ground: str) -> None:
    assert contrast(colour, palette.DARK[ground]) >= TEXT


def test_both_palettes_name_the_same_and_every_name_that_is_used_is_there() -> None:
    assert palette.LIGHT.keys() == palette.DARK.keys()
    used = re.findall(r"var\(--([a-z]+)\)", palette.STYLE + frame.STYLE + plots.STYLE + style.MUTED)
    assert {*used} | {"card"} == {*palette.LIGHT}


def test_the_focus_ring_is_seen_in_the_header() -> None:
    assert "outline: 3px solid var(--ring)" in frame.STYLE
    (in_header,) = re.findall(r"\.q-header :focus-visible \{ outline-color: (#\w+)", frame.STYLE)
    assert contrast(in_header, frame.COLOURS["primary"]) >= SIGN


def test_plain_pages_are_read_as_well() -> None:
    assert contrast(plain_page.INK, plain_page.PAPER) >= TEXT
    assert contrast(plain_page.BRAND, WHITE) >= TEXT
    ink, paper = re.findall(r"color:(#\w+);background:(#\w+)", docs.STYLE)[0]
    assert contrast(ink, paper) >= TEXT


def test_the_mailbox_is_read_by_light_and_by_dark_and_leaves_a_message_its_own_ground() -> None:
    [(light, dark)] = re.findall(r"--soft: light-dark\((#\w+), (#\w+)\)", mailbox.STYLE)
    assert contrast(light, WHITE) >= TEXT
    # What Chromium, Firefox and Safari draw by dark, the lightest of them.
    assert contrast(dark, "#1e1e1e") >= TEXT
    [frame_] = re.findall(r"iframe \{([^}]*)\}", mailbox.STYLE)
    assert "background" not in frame_
