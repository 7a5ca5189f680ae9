"""How topics are named and laid out, and what counts as a difference."""

from __future__ import annotations

from candor.contracts import TopicCard
from candor.messaging.topics import layout, mismatches, topic_name

CARDS = (
    TopicCard(name="promises", owner="promise-svc", writers=(), readers=(), events=()),
    TopicCard(name="incidents", owner="delivery-svc", writers=(), readers=(), events=(), shared_layout=False),
)


def test_names_take_the_prefix_and_hyphens() -> None:
    assert topic_name("candor", "promises") == "candor-promises"


def test_shared_topics_have_one_count_and_the_others_one_partition() -> None:
    assert layout("x", 6, CARDS) == {"x-promises": 6, "x-incidents": 1}


def test_a_missing_topic_is_no_difference() -> None:
    assert mismatches({"x-promises": 6, "x-incidents": 1}, {"x-incidents": 1}) == ""


def test_one_wrong_number_for_all_topics_is_said_once_with_the_setting_that_mends_it() -> None:
    said = mismatches({"a": 6, "b": 1, "c": 6}, {"a": 4, "b": 1, "c": 4})
    assert said.startswith("PARTITIONS is 6, but a, c have 4: set PARTITIONS=4; only `candor partitions grow`")
    assert "must not be made anew" in said


def test_several_differences_are_said_with_both_numbers() -> None:
    said = mismatches({"a": 6, "b": 1, "c": 6}, {"a": 4, "b": 1, "c": 8})
    assert said.startswith("numbers of partitions: a has 4 and needs 6, c has 8 and needs 6; ")
