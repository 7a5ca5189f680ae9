"""The picture of a message's way: every hop is drawn and said, worse ones thicker, and what people wrote stays text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.listings import Total
from risk_svc.insight.hearing import DAY, Said, path_of
from risk_svc.insight.measures.distortion import Slot, Thresholds
from risk_svc.insight.measures.figure import Unit, mean_of, share
from risk_svc.insight.measures.hop_records import variance_ratio_of
from risk_svc.insight.paths import HopRecord, PromisePath
from risk_svc.web.board.flow import Arrow, colour, days_words, flow_of_path, flow_of_records, picture, svg, words
from risk_svc.web.board.style import COLOURS, GREY
from tests.support.contrast import SIGN, contrast


def record(by: str, to: str, *sources: str, n: int = 40, distortion: float = 0.3, days: float = -9.0) -> HopRecord:
    return HopRecord(
        by,
        to,
        [*sources],
        n,
        mean_of(n, distortion, 0.1, Unit.PART),
        {slot: mean_of(0, None, None, Unit.PART) for slot in Slot},
        mean_of(n, days, 1.0, Unit.DAYS),
        variance_ratio_of(n, 4.0, 4.0, 0.5),
        share(n // 4, n),
    )


def way(*said: Said, thresholds: Thresholds | None = None, imposed: bool | None = None) -> PromisePath:
    limits = thresholds or {}
    rows: dict[str, Mapping[str, Any]] = {one.statement_id: {"imposed": imposed} for one in said}
    return PromisePath("c1", "install", [*said], path_of([*said], limits), rows, Total(len(said), True), limits)


RECORDS = [record("sales", "customer", "product"), record("product", "sales", "engineering", distortion=0.02, days=0)]
THREE = (
    Said("a", "engineering", "product", 1, 60 * DAY),
    Said("b", "product", "sales", 2, 60 * DAY),
    Said("c", "sales", "customer", 3, 45 * DAY),
)


@pytest.mark.parametrize(
    ("told", "changed"),
    [
        ({"scope": frozenset("ac")}, "another scope"),
        ({"scope": frozenset("ac"), "due": 51 * DAY}, "9.0 d earlier"),
        ({"scope": frozenset("ab"), "conditions": frozenset({"parts"})}, "other conditions"),
        ({"scope": frozenset("ab")}, "same date"),
    ],
)
def test_what_a_hop_changed_is_said_where_its_date_stands(told: dict[str, Any], changed: str) -> None:
    heard = Said("a", "engineering", "product", 1, 60 * DAY, frozenset("ab"), conditions=frozenset())
    passed_on = Said("b", "product", "sales", 2, **{"due": 60 * DAY, "conditions": frozenset(), **told})
    [arrow] = [one for one in flow_of_path(way(heard, passed_on)).arrows if one.target == "sales"]
    assert arrow.lines[0] == changed


def drawn(flow_svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(flow_svg)


def texts(element: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in element.iter("text")]


def test_boxes_stand_in_the_order_in_which_messages_pass() -> None:
    flow = flow_of_records(RECORDS)
    assert flow.boxes == ("engineering", "product", "sales", "customer")
    assert [(one.source, one.target, one.distortion) for one in flow.arrows] == [
        ("engineering", "product", None),
        ("product", "sales", 0.02),
        ("sales", "customer", 0.3),
    ]


@pytest.mark.parametrize("upright", [False, True])
def test_every_box_and_arrow_is_in_the_picture_with_its_drift(upright: bool) -> None:
    found = drawn(svg(flow_of_records(RECORDS), upright=upright))
    assert found.get("aria-hidden") == "true"
    said = texts(found)
    assert {"engineering", "product", "sales", "customer", "9.0 d earlier", "D 0.30, n = 40", "as first said"} <= {
        *said
    }
    assert (len([*found.iter("rect")]), len([*found.iter("path")])) == (4, 3)
    wide, high = (float(found.get(name) or 0) for name in ("width", "height"))
    assert (high > wide) is upright
    if upright:
        assert wide <= 390 - 32


def test_a_worse_hop_is_thicker_and_of_another_colour() -> None:
    paths = [*drawn(svg(flow_of_records(RECORDS))).iter("path")]
    widths = [float(one.get("stroke-width") or 0) for one in paths]
    assert widths == sorted(widths)
    assert [one.get("stroke") for one in paths] == [GREY, COLOURS["none"], COLOURS["high"]]


@pytest.mark.parametrize("distortion", [None, 0.0, 0.05, 0.15, 0.3, 0.6, 1.0])
def test_arrows_are_seen_on_white(distortion: float | None) -> None:
    assert contrast(colour(distortion), "#ffffff") >= SIGN


def test_the_words_say_all_that_the_picture_shows() -> None:
    assert words(flow_of_path(way(*THREE))) == (
        "engineering to product: as first said; product to sales: same date, D 0.00; "
        "sales to customer: 15.0 d earlier, D 0.50."
    )
    assert words(flow_of_path(way())) == "No message was passed on."


def test_who_was_not_told_directly_is_joined_to_whom_they_had_it_from() -> None:
    flow = flow_of_path(way(THREE[0], THREE[2]))
    assert Arrow("engineering", "sales", ("not told directly",)) in flow.arrows
    assert flow.boxes == ("engineering", "product", "sales", "customer")


def test_of_few_messages_no_figure_is_drawn() -> None:
    [_, arrow] = flow_of_records([record("sales", "customer", "product", n=7)]).arrows
    assert (arrow.lines, arrow.distortion) == (("n = 7", "too little history"), None)


def test_what_people_wrote_is_never_markup() -> None:
    found = picture(flow_of_records([record("<b>x</b>", "a&b", '"><script>')]))
    assert "<script" not in found
    assert "<b>" not in found
    assert "&lt;b&gt;x&lt;/b&gt;" in found


@pytest.mark.parametrize(
    ("days", "said"), [(None, "no date"), (0.01, "same date"), (3.0, "3.0 d later"), (-0.5, "0.5 d earlier")]
)
def test_days_in_words(days: float | None, said: str) -> None:
    assert days_words(days) == said


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12))
def test_any_hops_are_drawn_each_once(pairs: list[tuple[str, str]]) -> None:
    flow = flow_of_records([record(by, to, n=40) for by, to in pairs if by != to])
    for upright in (False, True):
        found = drawn(svg(flow, upright=upright))
        assert len([*found.iter("rect")]) == len({name for pair in pairs if pair[0] != pair[1] for name in pair})
        assert len([*found.iter("path")]) == len({pair for pair in pairs if pair[0] != pair[1]})


def test_the_words_of_an_arc_stand_below_it_and_above_the_words_of_short_arrows() -> None:
    found = drawn(svg(flow_of_records([*RECORDS, record("product", "customer", "engineering")])))
    [arc] = [one.attrib["d"] for one in found.iter("path") if "Q" in one.attrib["d"]]
    begin, bend, end = [float(y) for y in re.findall(r"[MQ ]-?[\d.]+ (-?[\d.]+)", arc)]
    top = 0.25 * begin + 0.5 * bend + 0.25 * end
    lines = sorted(float(one.attrib["y"]) for one in found.iter("text") if float(one.attrib["y"]) < begin)
    of_arc, others = lines[:2], lines[2:]
    # A line of 12.5 px stands on its y and reaches 10 px above it.
    assert top + 1 < of_arc[0] - 10
    assert of_arc[-1] + 2 < others[0] - 10
