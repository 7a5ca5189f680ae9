"""The summary in words."""

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from candor_demo.gather import LEADS
from candor_demo.shown import duration, notes, one_day, percent, rows, table
from candor_demo.summary import Score, summarise
from tests.unit.demo.test_summary import figures, said, truth


@pytest.mark.parametrize(("minutes", "words"), [(None, "–"), (0.4, "0 min"), (59.6, "1 h 00 min"), (125, "2 h 05 min")])
def test_durations(minutes: float | None, words: str) -> None:
    assert duration(minutes) == words


def test_shares() -> None:
    assert (percent(None), percent(0.925), percent(0)) == ("–", "92 %", "0 %")


def test_every_figure_is_in_the_table() -> None:
    spoken = [said("a", "warning", 95), said("b", "warning", 60), said("b", "all_clear", 5)]
    found = dict(rows(figures([truth("a", 30), truth("b", 0), truth("c", None)], spoken, {"customer-a": 3})))
    assert found["Promises"] == "3: 1 kept, 2 late (of them 0 cancelled, 1 never completed)"
    assert found["Late, warned in time"] == "1 of 2 (50 %)"
    assert found["Warned, in the median"] == "1 h 35 min before the promised date"
    assert found["False alarms"] == "1 of 2 warned (50 %)"
    assert found["All-clears"] == "1 owed, 1 given; late after all: 0"
    assert found["Messages per customer"] == "1.00 on average, 3 at most (3 in all)"
    assert found["Ranges given, held"] == "0 of 0 done by the later time (–); 2 messages without a range"
    assert found["Forecast"] == "no frozen forecasts to score"


def test_the_forecast_is_shown_beside_the_base_rate() -> None:
    truths = {"a": truth("a", timedelta(hours=1).total_seconds())}
    scores = {"": Score(1200, 0.1, 0.4, 0.2), "made": Score(300, 0.3, 0.4, 0.2)}
    summary = summarise(truths, [], {}, scores)
    console = Console(width=120, record=True, file=StringIO())
    console.print(table("The day", summary))
    text = console.export_text()
    assert "0.100 against 0.400 of the usual share late (skill 0.75), n 1,200" in text
    assert "when promised" in text
    assert "made" not in text


def test_no_row_has_a_name_that_only_the_code_knows() -> None:
    score = Score(300, 0.3, 0.4, 0.2)
    summary = summarise({}, [], {}, {"": score, **dict.fromkeys(LEADS, score)})
    names = [name.strip() for name, _ in rows(summary)]
    assert names[-5:] == [
        "when promised",
        "with 75 % of the time left",
        "with 50 % of the time left",
        "with 25 % of the time left",
        "when it departed",
    ]
    assert not set(LEADS) & set(names)


def test_the_notes_say_what_the_rows_mean_and_that_one_extreme_day_is_no_record() -> None:
    extreme = summarise({"a": truth("a", 30), "b": truth("b", 0)}, [], {}, {"": Score(300, 0.3, 0.4, 0.2)})
    said = " ".join(notes(extreme, 0.3, 1200))
    for words in (
        "Warned in time",
        "false alarm",
        "all-clear",
        "Brier score",
        "usual share late",
        "skill",
        "20 minutes",
    ):
        assert words in said
    assert "This one day is extreme: 50 % came late, where 30 % did before it." in said
    assert "says little about forecast accuracy" in said


def test_an_ordinary_day_is_not_called_extreme() -> None:
    said = one_day(summarise({"a": truth("a", 30), "b": truth("b", 0)}, [], {}, {}), 0.45)
    assert "extreme" not in said
    assert "says little about forecast accuracy" in said
