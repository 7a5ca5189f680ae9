"""Rows with a figure: drawn where the scale says, said in words, and never anybody's markup."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from risk_svc.web.board import plots
from risk_svc.web.board.plots import Mark, Scale, around_zero, from_zero, plot

finite = st.floats(-1e9, 1e9)


@st.composite
def drawn(draw: st.DrawFn) -> Mark:
    low, value, high = sorted(draw(st.tuples(finite, finite, finite)))
    interval = draw(st.booleans())
    return Mark(
        "m", "w", value, low if interval else None, high if interval else None, draw(st.sampled_from(plots.INKS))
    )


def places(html: str) -> list[float]:
    """Every place in percent that something is drawn at, left to right or not."""
    return [float(one) for one in re.findall(r'(?:x1|x2|cx|width)="([0-9.]+)%"', html) if one != "100"]


@given(st.lists(drawn(), max_size=8), st.booleans())
def test_whatever_the_figures_all_is_drawn_within_the_edges(marks: list[Mark], bars: bool) -> None:
    for scale in (from_zero(marks), around_zero(marks), Scale(-1.0, 1.0, 0.0)):
        html = plot(marks, scale, "t", bars=bars)
        assert all(0 <= place <= 100 for place in places(html))
        assert len(ET.fromstring(html).findall(".//svg")) == len(marks)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")), st.text("<>&\"'=ab"))
def test_names_and_words_are_text_whatever_they_say(name: str, words: str) -> None:
    page = ET.fromstring(
        plot([Mark(name, words, 1.0, link=f"/?search={words}")], Scale(0, 2, 0), words, ends=(name, ""))
    )
    assert (page.get("aria-label"), page.findtext(".//li//b/a"), page.findtext(".//*[@class='said']")) == (
        words,
        name,
        words,
    )
    assert {one.tag for one in page.iter()} <= {"figure", "div", "span", "ol", "li", "b", "a", "svg", "line", "circle"}


def test_a_figure_its_interval_and_the_rule_are_where_the_scale_says() -> None:
    html = plot([Mark("acme", "w", 0.5, 0.0, 1.0, "late")], Scale(-1.0, 1.0, 0.0), "t", bars=True)
    page = ET.fromstring(html)
    dot = page.find(".//circle")
    assert dot is not None
    assert (dot.get("cx"), dot.get("class")) == ("75.00%", "late")
    spans = [(one.get("x1"), one.get("x2")) for one in page.findall(".//line[@class='span late']")]
    assert spans == [("50.00%", "100.00%"), ("50.00%", "50.00%"), ("100.00%", "100.00%")]
    assert [one.get("x1") for one in page.findall(".//line[@class='rule']")] == ["50.00%"]


def test_what_has_no_figure_is_said_and_not_drawn() -> None:
    page = ET.fromstring(plot([Mark("acme", "too little history")], from_zero([]), "t", ends=("earlier", "later")))
    assert page.findall(".//svg") == []
    assert [one.text for one in page.findall(".//div[@class='ends']/span")] == ["earlier", "later"]


def test_scales_have_room_for_every_interval() -> None:
    marks = [Mark("a", "", 2.0, 1.0, 8.0), Mark("b", "", -3.0), Mark("c", "")]
    assert from_zero(marks) == Scale(0.0, 8.0, 0.0)
    assert around_zero(marks) == Scale(-8.0, 8.0, 0.0)
    assert (from_zero([]), around_zero([])) == (Scale(0.0, 1.0, 0.0), Scale(-0.1, 0.1, 0.0))


def test_every_ink_is_a_colour_of_the_palette_and_no_other_is_written() -> None:
    inks = dict(re.findall(r"\.(\w+) \{ stroke: var\(--\w+\); fill: var\(--(\w+)\)", plots.STYLE))
    assert inks == {"ink": "mark", "late": "late", "early": "early", "unclear": "muted"}
    assert inks.keys() == {*plots.INKS}
    assert "#" not in plots.STYLE
