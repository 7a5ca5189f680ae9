"""Whoever sees poorly can read the board: the contrast of every colour that the code names."""

from __future__ import annotations

import re

import pytest

from candor.web.http import docs, plain_page
from risk_svc.web.board import fan, frame, style
from tests.support.contrast import SIGN, TEXT, contrast

WHITE, PAPER = "#ffffff", "#f4f6f8"


def test_the_measure_is_wcags() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#777777", "#777") == 1


@pytest.mark.parametrize("colour", [*style.COLOURS.values(), *frame.COLOURS.values()])
def test_white_is_read_on_every_badge_and_button(colour: str) -> None:
    assert contrast(colour, WHITE) >= TEXT


@pytest.mark.parametrize("paper", [WHITE, PAPER])
@pytest.mark.parametrize("ink", [style.MUTED, fan.HELD, fan.LATE, fan.PRESENT, frame.COLOURS["negative"]])
def test_text_is_read_on_cards_and_paper(ink: str, paper: str) -> None:
    assert contrast(ink, paper) >= TEXT


@pytest.mark.parametrize("colour", [fan.INK, *(colour for _, colour in fan.MARKS.values())])
def test_marks_of_charts_are_seen(colour: str) -> None:
    assert contrast(colour, WHITE) >= SIGN


def test_the_focus_ring_is_seen_on_the_page_and_in_the_header() -> None:
    (ring,) = re.findall(r"outline: 3px solid (#\w+)", frame.STYLE)
    assert contrast(ring, PAPER) >= SIGN
    (in_header,) = re.findall(r"\.q-header :focus-visible \{ outline-color: (#\w+)", frame.STYLE)
    assert contrast(in_header, frame.COLOURS["primary"]) >= SIGN


def test_plain_pages_are_read_as_well() -> None:
    assert contrast(plain_page.INK, plain_page.PAPER) >= TEXT
    assert contrast(plain_page.BRAND, WHITE) >= TEXT
    ink, paper = re.findall(r"color:(#\w+);background:(#\w+)", docs.STYLE)[0]
    assert contrast(ink, paper) >= TEXT
