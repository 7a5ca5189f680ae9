"""The figures at the end of the demo, against cases counted by hand."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor_demo.day import Truth
from candor_demo.gather import score_of
from candor_demo.summary import Score, SentMessage, Summary, count_messages, summarise

DUE = datetime(2013, 3, 8, 18, tzinfo=UTC)
MADE = DUE - timedelta(hours=14)


def truth(name: str, minutes_late: float | None, *, cancelled: bool = False) -> Truth:
    done = None if minutes_late is None else DUE + timedelta(minutes=minutes_late)
    return Truth(name, f"Customer-{name}", MADE, DUE, done, cancelled=cancelled)


def said(name: str, statement: str, minutes_before: float) -> SentMessage:
    return SentMessage(name, statement, DUE - timedelta(minutes=minutes_before))


def figures(truths: list[Truth], spoken: list[SentMessage], messages: dict[str, int] | None = None) -> Summary:
    return summarise({item.promise_id: item for item in truths}, spoken, messages or {}, {})


def test_on_the_dot_is_kept_and_a_second_later_is_late() -> None:
    assert not truth("a", 0).late
    assert truth("a", 1 / 60).late
    assert truth("a", None).late


def test_counts_by_ending() -> None:
    found = figures([truth("a", 0), truth("b", 30), truth("c", None), truth("d", None, cancelled=True)], [])
    assert (found.promises, found.kept, found.late) == (4, 1, 3)
    assert (found.cancelled, found.never_completed) == (1, 1)
    assert (found.late_warned, found.late_warned_share, found.lead_median_minutes) == (0, 0, None)


def test_the_lead_runs_from_the_first_warning_to_the_date_held() -> None:
    spoken = [said("a", "warning", 120), said("a", "update", 60), said("a", "warning", 30), said("b", "cancelled", 40)]
    found = figures([truth("a", 90), truth("b", None, cancelled=True), truth("c", 10)], spoken)
    assert found.late_warned == 2
    assert found.late_warned_share == pytest.approx(2 / 3)
    assert found.lead_median_minutes == 80


def test_a_range_held_if_it_was_done_by_its_later_end() -> None:
    def ranged(name: str, minutes_late: float | None, statement: str = "warning") -> SentMessage:
        high = None if minutes_late is None else DUE + timedelta(minutes=minutes_late)
        return SentMessage(name, statement, DUE, high)

    spoken = [
        ranged("a", 30),
        ranged("a", 29, "update"),
        ranged("b", 60),
        ranged("c", None),
        ranged("a", 90, "all_clear"),
    ]
    found = figures([truth("a", 30), truth("b", None), truth("c", 5)], spoken)
    assert (found.ranges, found.ranges_held, found.without_range) == (2, 1, 1)


@pytest.mark.parametrize(("statement", "before"), [("warning", 0), ("warning", -10), ("all_clear", 60), ("update", 60)])
def test_a_word_that_is_too_late_or_no_warning_does_not_count(statement: str, before: float) -> None:
    assert figures([truth("a", 90)], [said("a", statement, before)]).late_warned == 0


def test_a_false_alarm_is_owed_an_all_clear() -> None:
    spoken = [said("a", "warning", 120), said("a", "all_clear", 10), said("b", "warning", 60), said("c", "warning", 60)]
    found = figures([truth("a", -5), truth("b", 0), truth("c", 50), truth("d", 0)], spoken)
    assert (found.warned, found.false_alarms) == (3, 2)
    assert found.false_alarm_share == pytest.approx(2 / 3)
    assert (found.all_clears_owed, found.all_clears_given) == (2, 1)


def test_late_after_an_all_clear_is_owned_up_to() -> None:
    spoken = [
        said("a", "warning", 120),
        said("a", "all_clear", 60),
        said("b", "warning", 120),
        said("b", "all_clear", 60),
        said("b", "warning", 30),
    ]
    assert figures([truth("a", 90), truth("b", 90)], spoken).late_after_all_clear == 1


def test_messages_are_counted_by_mailbox() -> None:
    counts = count_messages(["customer-a@example.com", "customer-a@example.com", "someone@example.com"])
    found = figures([truth("a", 0), truth("b", 0)], [], counts)
    assert (found.messages, found.messages_mean, found.messages_max) == (2, 1, 2)


def test_promises_of_other_days_are_left_out() -> None:
    found = summarise({"a": truth("a", 0)}, [said("x", "warning", 5)], {"customer-x": 9}, {})
    assert (found.warned, found.messages) == (0, 0)


def test_scores_are_kept_by_lead_and_go_to_json_with_their_skill() -> None:
    scores = {"": Score(9, 0.1, 0.4, 0.15), "made": Score(3, 0.3, 0.4, 0.15)}
    found = summarise({"a": truth("a", 90)}, [], {}, scores)
    assert found.forecast == scores[""]
    assert found.by_lead == {"made": scores["made"]}
    plain = json.loads(json.dumps(found.as_json()))
    assert plain["forecast"]["skill"] == pytest.approx(0.75)
    assert plain["by_lead"]["made"]["skill"] == pytest.approx(0.25)


def test_without_a_base_there_is_no_skill() -> None:
    assert Score(1, 0.0, 0.0, 0.0).skill is None


def test_a_track_record_tells_the_share_that_slipped() -> None:
    bins = [{"low": 0.1, "n": 3, "observed": 1 / 3}, {"low": 0.8, "n": 1, "observed": 1.0}]
    found = score_of(
        {
            "n": 4,
            "brier": 0.2,
            "base_brier": 0.3,
            "skill": 0.3,
            "reliability": bins,
            "coverage": [{"level": 0.8, "n": 3, "covered": 0.7}],
        }
    )
    assert found == Score(4, 0.2, 0.3, pytest.approx(0.25), 0.7, 3)  # type: ignore[arg-type]


def test_nothing_at_all_is_a_summary_too() -> None:
    found = summarise({}, [], {}, {})
    assert (found.promises, found.late_warned_share, found.messages_max) == (0, None, 0)


Days = st.lists(
    st.tuples(st.floats(-60, 300), st.lists(st.tuples(st.sampled_from(["warning", "all_clear"]), st.floats(-60, 600))))
)


@given(Days)
def test_figures_fit_together(days: list[tuple[float, list[tuple[str, float]]]]) -> None:
    truths = [truth(str(number), late) for number, (late, _words) in enumerate(days)]
    spoken = [said(str(number), *word) for number, (_late, words) in enumerate(days) for word in words]
    found = figures(truths, spoken)
    assert found.kept + found.late == found.promises
    assert found.late_warned <= found.late
    assert found.false_alarms <= min(found.warned, found.kept)
    assert found.late_warned + found.false_alarms <= found.warned
    assert found.all_clears_given <= found.all_clears_owed
    assert found.lead_median_minutes is None or found.lead_median_minutes > 0
