"""What the board says, without a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from candor.contracts import Component, Standing
from notify_svc.domain.facts import Reason
from risk_svc.domain.gap import BAND_NAMES, band
from risk_svc.domain.next_step import WORDS, NextStep
from risk_svc.web.api import responses
from risk_svc.web.board import style
from tests.support.board import NOW, detail, forecast, incident, milestone, notice

IN_TIME = ("pending", "sending")


WAITS = (timedelta(seconds=20), timedelta(minutes=5), timedelta(hours=3), timedelta(days=6, hours=2))


def test_times_are_shown_in_the_promises_own_zone() -> None:
    assert style.clock_text(NOW, "America/New_York") == "Fri 8 Mar 17:05"
    assert style.clock_text(NOW) == "Fri 8 Mar 22:05"


def test_a_settled_promise_says_what_is_missing_of_it() -> None:
    part = responses.ContributionOut(component=Component.SCOPE, x=0.2, share=1.0, evidence="2 of 3 items delivered")
    kept = detail(standing=Standing.KEPT, contributions=[part])
    assert style.why(kept) == "Kept in time, not in full; 2 of 3 items delivered"
    assert style.row(kept)["standing"] == "Kept in time, not in full"
    broken = style.why(detail(standing=Standing.BROKEN, contributions=[part]))
    assert broken == "Broken: 2 of 3 items delivered; promised for Sat 9 Mar 00:05 UTC"


def test_a_broken_promise_says_what_was_late_and_by_how_much() -> None:
    late = responses.ContributionOut(component=Component.LATENESS, x=0.7, share=0.8, evidence="completed 1.5 h late")
    broken = detail(standing=Standing.BROKEN, contributions=[late])
    assert style.why(broken) == "Broken: completed 1.5 h late; promised for Sat 9 Mar 00:05 UTC"
    assert style.headline(broken).who == "c1 · Broken: completed 1.5 h late; promised for Fri 8 Mar 19:05"
    judged = detail(standing=Standing.BROKEN, contributions=[])
    assert style.why(judged) == "Broken: judged so, though it was not late; promised for Sat 9 Mar 00:05 UTC"


@pytest.mark.parametrize("tenths", range(0, 1001))
def test_the_same_number_has_the_same_colour_and_it_is_its_bands(tenths: int) -> None:
    score = tenths / 10
    number, colour = style.badge(score)
    assert colour == style.COLOURS[band(number)] == style.COLOURS[band(score)]
    shown = detail(score=score, band=band(score))
    assert (style.row(shown)["score"], style.row(shown)["colour"]) == (number, colour)
    assert style.headline(shown)[:2] == (str(number), colour)


def test_a_score_that_only_its_rounding_makes_a_whole_number_has_the_numbers_colour() -> None:
    assert style.badge(75.0) == (75, style.COLOURS["severe"])
    assert style.row(detail(score=75.0, band="high"))["colour"] == style.COLOURS["severe"]


def test_what_to_do_next_stands_in_the_row_and_under_the_headline() -> None:
    shown = detail(next_step=NextStep.AGREE_DATE, next_words=WORDS[NextStep.AGREE_DATE])
    assert style.row(shown)["next"] == style.headline(shown).next == WORDS[NextStep.AGREE_DATE]
    over = detail(standing=Standing.KEPT, contributions=[])
    assert (style.row(over)["next"], style.headline(over).next) == ("", "")


def test_a_promises_title_names_it() -> None:
    assert style.title("PR-1", "Espresso machine installed") == "Espresso machine installed · PR-1"
    assert style.title("PR-1") == "PR-1"
    assert style.title("PR-1", "x" * 200).endswith("x · PR-1")


def test_why_is_the_largest_part_in_words() -> None:
    assert style.why(detail()) == "70 min late"


def test_why_without_evidence_names_the_component() -> None:
    bare = responses.ContributionOut(component=Component.SILENCE, x=1, share=1, evidence="")
    assert style.why(detail(contributions=[bare])) == "silence"


def test_a_promise_without_a_gap_is_on_course() -> None:
    assert style.why(detail(contributions=[])) == "on course"


@pytest.mark.parametrize(
    ("standing", "words"),
    [(Standing.KEPT, "Kept"), (Standing.CANCELLED, "Cancelled"), (Standing.WITHDRAWN, "Withdrawn")],
)
def test_a_settled_promise_says_how_it_ended(standing: Standing, words: str) -> None:
    late = responses.ContributionOut(component=Component.LATENESS, x=1.0, share=1.0, evidence="cancelled")
    row = style.row(detail(standing=standing, contributions=[late]))
    assert (row["why"], row["standing"], row["slip"]) == (words, words, "–")


def test_too_little_history_is_shown_in_the_place_of_a_probability() -> None:
    said = "too little history (7): 2 of 7 slipped"
    young = detail(p_slip=None, too_little_history=said)
    assert style.row(young)["slip"] == style.slip(young) == said
    assert style.slip(detail(p_slip=None)) == "–"
    # A date that lies ahead is never said to be missed for certain.
    assert [style.slip(detail(p_slip=chance)) for chance in (0.998, 1.0)] == ["over 99%", "100%"]


def test_the_headline_tells_which_date_is_held_and_what_is_expected() -> None:
    head = style.headline(detail(forecast=forecast()))
    assert (head.score, head.colour) == ("63", style.COLOURS["high"])
    assert (head.what, head.who) == ("Flight <b>XA</b> 1", "c1 · Open")
    # The zone stands beside the times, and the date beside the one that the list of promises shows.
    dates = "promised date Fri 8 Mar 19:05 (America/New_York; Sat 9 Mar 00:05 UTC)"
    assert head.when == f"{dates} · expected Fri 8 Mar 19:35 to Fri 8 Mar 20:05 · risk of delay 82%"
    london = style.headline(detail(zone="UTC", forecast=forecast()))
    assert london.when.startswith("promised date Sat 9 Mar 00:05 (UTC) · expected Sat 9 Mar 00:35")


def test_the_headline_of_a_young_kind_states_no_chance() -> None:
    young = forecast(p_slip=None, p50=None, p80=None, p90=None)
    head = style.headline(detail(forecast=young, p_slip=None, too_little_history="too little history (7)"))
    assert head.when == "promised date Fri 8 Mar 19:05 (America/New_York; Sat 9 Mar 00:05 UTC) · too little history (7)"


def test_the_headline_tells_a_later_date_that_was_told() -> None:
    dates = detail().dates.model_copy(update={"latest_due": NOW + timedelta(hours=3)})
    assert "latest told Fri 8 Mar 20:05" in style.headline(detail(dates=dates)).when


def test_a_row_is_text_and_numbers_only() -> None:
    row = style.row(detail())
    assert row["what"] == "Flight <b>XA</b> 1"
    assert row["slip"] == "82%"
    assert row["colour"] == style.COLOURS["high"]
    assert all(isinstance(value, str | int) for value in row.values())


def test_every_band_and_standing_has_its_colour_and_word() -> None:
    assert set(style.COLOURS) == set(BAND_NAMES)
    assert set(style.STATES) == {standing.value for standing in Standing}


def test_the_bar_holds_every_open_promise() -> None:
    chart = style.bands_chart({"none": 3, "severe": 2})
    assert sum(series["data"][0] for series in chart["series"]) == 5
    assert chart["xAxis"]["max"] == 5
    assert style.bands_chart({})["xAxis"]["max"] == 1


def test_the_timeline_is_in_order_and_tells_all() -> None:
    told = detail(
        milestones=[
            milestone(reason="crew late", public_reason="waiting for an aircraft"),
            milestone(name="arrived", at=None),
        ],
        incidents=[incident(public_title="Snow at Newark")],
        notices=[notice()],
        completed_at=NOW + timedelta(hours=5),
        standing=Standing.BROKEN,
    )
    lines = style.timeline(told)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert [line.kind for line in lines] == ["made", "incident", "notice", "reached", "resolved", "broken"]
    assert lines[2].title == "Warned the customer"
    assert lines[2].detail == "told Fri 8 Mar 20:05 to Fri 8 Mar 21:05; next update by Fri 8 Mar 18:05"
    assert lines[3].detail == "42 min after its plan; crew late; for the customer: waiting for an aircraft"
    assert lines[1].detail == "severity 30%; for the customer: Snow at Newark"


@pytest.mark.parametrize("state", ["preview", "pending", "sending", "held", "unknown", "failed", "suppressed"])
def test_what_was_not_sent_was_not_told(state: str) -> None:
    update = notice(statement="update", state=state, reason="slip_held" if state in IN_TIME else "no_contact")
    line = style.timeline(detail(notices=[update]))[-1]
    because = "" if state in IN_TIME else ", as no contact of the customer is known"
    assert (line.kind, line.title) == ("unsent", f"Update to the customer: {style.NOT_SENT[state]}{because}")


@pytest.mark.parametrize("state", ["held", "failed", "suppressed"])
def test_a_reason_without_words_is_told_and_a_missing_one_as_well(state: str) -> None:
    def title(reason: str) -> str:
        return style.timeline(detail(notices=[notice(state=state, reason=reason)]))[-1].title

    said = f"Warning to the customer: {style.NOT_SENT[state]}"
    assert title("new_of_late") == f"{said}, for the reason new of late"
    assert title("") == f"{said}; the reason was not recorded"


def test_every_reason_for_which_nothing_is_sent_has_its_words() -> None:
    spoken = {"slip_held", "milestone_missed", "range_left", "update_due", "cancelled", "recovered", "kept"}
    spoken |= {
        "date_moved",
        "called_off",
        "done_outside_range",
        "not_kept",
        "question_open",
        "claimed",
        "delivered",
        "operator_sent",
    }
    undecided = {
        "no_promise",
        "no_gap",
        "dates_differ",
        "verdict_differs",
        "slip_too_short",
        "nothing_new",
        "blocked",
        "not_slipping",
    }
    undecided |= {"done_as_told", "never_warned", "ended"}
    assert {reason.value for reason in Reason} - spoken - undecided == set(style.WHY_NOT)


def test_how_late_a_step_came_is_in_the_unit_that_is_read_at_once() -> None:
    planned = NOW - timedelta(days=9)
    late = [style.timeline(detail(milestones=[milestone(planned=planned, at=planned + wait)])) for wait in WAITS]
    said = [line.detail for lines in late for line in lines if line.kind == "reached"]
    assert said == ["on plan", "5 min after its plan", "3.0 h after its plan", "6.1 days after its plan"]


def test_a_step_on_plan_and_one_without_a_plan() -> None:
    on_plan = style.timeline(detail(milestones=[milestone(at=NOW)]))
    unplanned = style.timeline(detail(milestones=[milestone(planned=None)]))
    assert on_plan[-1].detail == "on plan"
    assert unplanned[-1].detail == ""


WAIT = responses.PauseOut(since=NOW, until=NOW + timedelta(days=9), public_reason="your measurements")


def test_that_it_waits_for_the_customer_is_said_in_the_row_under_the_headline_and_in_the_timeline() -> None:
    shown = detail(paused=WAIT, pauses=[WAIT], contributions=[], zone="UTC")
    assert style.why(shown) == "waits for the customer since Fri 8 Mar 22:05"
    head = style.headline(shown).when
    assert head.endswith(
        "waits for the customer since Fri 8 Mar 22:05: the clock stands, at most until Sun 17 Mar 22:05"
    )
    entries = [(entry.kind, entry.detail) for entry in style.timeline(shown) if entry.kind in ("paused", "resumed")]
    assert entries == [("paused", "for the customer: your measurements")]
    part = responses.ContributionOut(component=Component.LATENESS, x=0.2, share=1.0, evidence="2 h overdue")
    assert style.why(detail(paused=WAIT, contributions=[part])).endswith("; 2 h overdue")


def test_a_wait_that_is_over_has_its_end_in_the_timeline() -> None:
    earlier = responses.PauseOut(since=NOW - timedelta(hours=3), until=NOW - timedelta(hours=1))
    shown = detail(paused=WAIT, pauses=[earlier, WAIT])
    kinds = [(entry.kind, entry.at) for entry in style.timeline(shown) if entry.kind in ("paused", "resumed")]
    assert kinds == [("paused", earlier.since), ("resumed", earlier.until), ("paused", WAIT.since)]
    over = detail(pauses=[earlier])
    assert [entry.kind for entry in style.timeline(over)].count("resumed") == 1
