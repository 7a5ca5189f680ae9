"""What the page of teams says: drifts in both directions, in words, with their number; and who moves its dates."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from risk_svc.web.api.insight_examples import EXAMPLES
from risk_svc.web.api.insight_responses import BiasPage, PunctualityPage
from risk_svc.web.board import figure_words, team_words

BIAS: dict[str, Any] = EXAMPLES[BiasPage]["items"][0]
KEPT: dict[str, Any] = EXAMPLES[PunctualityPage]["items"][0]
NONE = {"value": None, "low": None, "high": None, "n": 7}
NEW = {"name": "", "drift": NONE, "verdict": "too_little_history"}


def bias(low: float, high: float, verdict: str) -> dict[str, Any]:
    return {"name": "x", "drift": {"value": (low + high) / 2, "low": low, "high": high, "n": 40}, "verdict": verdict}


def test_figures_have_their_interval_and_number() -> None:
    assert figure_words.drift_words(BIAS["drift"]) == "+21% (+14 to +29%), n\u00a0260 (7\u00a0overdue)"
    assert figure_words.share_words(KEPT["first"]) == "86% (81–90%), n\u00a0260 (7\u00a0overdue)"
    assert figure_words.drift_words(NONE) == figure_words.share_words(NONE) == "too little history, n\u00a07"


@pytest.mark.parametrize(
    ("found", "ink", "words"),
    [
        (bias(0.1, 0.3, "optimistic"), "late", "later than said: oversold"),
        (bias(-0.3, -0.1, "padded"), "early", "earlier than said: padded"),
        (bias(-0.1, 0.2, "unclear"), "unclear", "no clear direction"),
    ],
)
def test_each_direction_has_its_words_and_its_side(found: dict[str, Any], ink: str, words: str) -> None:
    page = ET.fromstring(team_words.intervals([found]))
    dot, said = page.find(".//circle"), page.findtext(".//*[@class='said']") or ""
    assert dot is not None
    assert (dot.get("class"), said.endswith(words)) == (ink, True)
    middle = float((dot.get("cx") or "").rstrip("%"))
    assert (middle > 50) == (found["drift"]["value"] > 0)
    assert [one.text for one in page.findall(".//div[@class='ends']/span")] == [*team_words.ENDS]


def test_too_little_history_is_said_and_not_drawn() -> None:
    page = ET.fromstring(team_words.intervals([NEW]))
    assert "".join(page.itertext()).endswith("(none named)too little history, n\u00a07")
    assert page.find(".//svg") is None


def test_a_team_has_its_resets_with_their_reasons_and_its_kept_shares() -> None:
    [row] = team_words.rows([BIAS], {"sales": KEPT})
    assert (row["id"], row["verdict"]) == ("sales", "later than said: oversold")
    assert (row["reset"], row["reasons"]) == ("20% (16–25%), n\u00a0260 (7\u00a0overdue)", "parts (31)")
    assert row["requested"] == "60% (45–73%), n\u00a044 (7\u00a0overdue)"
    [alone] = team_words.rows([BIAS], {})
    assert {alone[name] for name in ("reset", "agreed", "reasons", "first")} == {"–"}


def test_teams_whose_durations_are_not_known_are_there_as_well() -> None:
    [row] = team_words.others([KEPT, KEPT | {"name": "crew"}], [BIAS])
    assert (row["id"], row["drift"], row["reset"]) == (
        "crew",
        "too little history, n\u00a00",
        "20% (16–25%), n\u00a0260 (7\u00a0overdue)",
    )


def test_every_verdict_has_its_words() -> None:
    verdict = BiasPage.model_json_schema()["$defs"]["BiasOut"]["properties"]["verdict"]
    assert {*figure_words.VERDICTS} == {*verdict["enum"]}
