"""What the page of promises kept on time says: each way with its interval and number, and the months in order."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from risk_svc.web.api.insight_examples import EXAMPLES
from risk_svc.web.api.insight_responses import PunctualityOut, PunctualityPage
from risk_svc.web.board import on_time_words

KEPT: dict[str, Any] = EXAMPLES[PunctualityPage]["items"][0]
FEW = KEPT | {"name": "2026-02", "first": {"value": None, "low": None, "high": None, "n": 3}}


def test_every_way_to_keep_a_promise_is_drawn_and_said() -> None:
    page = ET.fromstring(on_time_words.overall([KEPT]))
    assert [one.text for one in page.findall(".//b")] == [*on_time_words.WAYS.values()]
    said = [one.text for one in page.findall(".//*[@class='said']")]
    assert said[:2] == ["60% (45–73%), n\u00a044 (7\u00a0overdue)", "86% (81–90%), n\u00a0260 (7\u00a0overdue)"]
    dots = [one.get("cx") for one in page.findall(".//circle")]
    assert dots == ["60.00%", "86.00%", "91.00%", "86.00%", "86.00%", "86.00%"]
    assert ET.fromstring(on_time_words.overall([])).findall(".//li") == []


def test_rows_have_all_ways_with_their_numbers() -> None:
    [row] = on_time_words.rows([KEPT])
    assert (row["id"], row["promises"], row["plan_complete"]) == (
        "sales",
        "260",
        "86% (83–88%), n\u00a0780 (7\u00a0overdue)",
    )
    assert {*on_time_words.WAYS} == {*on_time_words.SHORT} <= {*PunctualityOut.model_fields} & {*row}


def test_months_are_drawn_oldest_first_with_gaps_where_too_little_came_due() -> None:
    chart = on_time_words.months_chart([KEPT | {"name": "2026-03"}, FEW])
    assert chart["xAxis"]["data"] == ["2026-02", "2026-03"]
    assert {one["name"]: one["data"] for one in chart["series"]} == {
        "requested date": [60.0, 60.0],
        "first date": [None, 86.0],
        "last date": [91.0, 91.0],
    }
    words = chart["aria"]["label"]["description"]
    first = "2026-02: requested date 60% (45–73%), n\u00a044 (7\u00a0overdue), first date too little history, n\u00a03"
    assert first in words
    assert on_time_words.months_chart([])["aria"]["label"]["description"] == "No promise has ended."


def test_groups_are_by_the_last_date() -> None:
    page = ET.fromstring(on_time_words.by_group([KEPT, KEPT | {"name": ""}]))
    assert [one.text for one in page.findall(".//b")] == ["sales", "(none named)"]
    assert [one.get("cx") for one in page.findall(".//circle")] == ["91.00%"] * 2
