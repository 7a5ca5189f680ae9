"""Who heard what before they spoke: the same in whatever order the statements are given, and never the future."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.hearing import DAY, Said, chains, main, passages, passed, path_of
from risk_svc.insight.measures.distortion import Slot

HOPS = ("engineering", "product", "success", "sales", "customer")
# Forwards along the hops only, as promise-svc takes them.
ways = st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda way: way[0] < way[1])
said = st.builds(
    lambda name, way, at, due, certainty: Said(f"s{name}", HOPS[way[0]], HOPS[way[1]], at, due, certainty=certainty),
    st.integers(0, 99),
    ways,
    st.integers(0, 10).map(float),
    st.none() | st.integers(0, 90).map(lambda days: days * DAY),
    st.none() | st.integers(0, 4),
)
stories = st.lists(said, max_size=14, unique_by=lambda one: one.statement_id)


def one(name: str, by: str, to: str, at: float, due: float | None = None) -> Said:
    return Said(name, by, to, at, None if due is None else due * DAY)


def names(chain: list[Said]) -> list[str]:
    return [each.statement_id for each in chain]


FIRST = [
    one("a", "engineering", "product", 1, 60),
    one("b", "product", "sales", 2, 51),
    one("c", "sales", "customer", 3, 45),
]


def test_each_speaker_passes_on_what_they_were_told_last() -> None:
    found = chains([*FIRST, one("d", "engineering", "product", 4, 80), one("e", "product", "sales", 5, 70)])
    assert names(found["c"]) == ["a", "b", "c"]
    assert names(found["e"]) == ["d", "e"]
    # What customers hold is what they were told, whatever engineering said since.
    assert names(main(found)) == ["a", "b", "c"]


def test_a_second_round_takes_the_place_of_the_first_once_it_reaches_the_customer() -> None:
    again = [one("d", "product", "sales", 4, 80), one("e", "sales", "customer", 5, 80)]
    assert names(main(chains([*FIRST, *again]))) == ["a", "d", "e"]


def test_where_nobody_told_a_speaker_it_is_what_others_said_last() -> None:
    found = chains([FIRST[0], one("c", "sales", "customer", 3, 45)])
    assert names(found["c"]) == ["a", "c"]
    # Not what those said who had it from the speaker: engineering heard nothing of sales.
    later = chains([*FIRST, one("d", "engineering", "product", 4, 80)])
    assert names(later["d"]) == ["d"]
    # Nor what others told the same hearer: two who speak to the customer had it from each other as little.
    beside = chains([one("x", "success", "customer", 1, 60), one("y", "sales", "customer", 2, 45)])
    assert names(beside["y"]) == ["y"]


def test_the_dates_heard_and_told_and_what_changed() -> None:
    found = passages(FIRST)
    assert set(found) == {"b", "c"}
    assert (found["b"].heard, found["b"].due_in, found["b"].due_out) == ("a", 60 * DAY, 51 * DAY)
    # 9 and 6 of 30 days earlier: more is promised, and the date is all that is spoken of.
    assert found["b"].hop.distortion == pytest.approx(0.3)
    assert found["c"].hop.drifts[Slot.DATE].signed == pytest.approx(0.2)


def test_a_date_left_out_stands_as_it_was_heard() -> None:
    found = passages([FIRST[0], one("b", "product", "sales", 2), one("c", "sales", "customer", 3, 45)])
    assert (found["b"].due_in, found["b"].due_out, found["c"].due_in) == (60 * DAY, 60 * DAY, 60 * DAY)


@given(stories, st.randoms(use_true_random=False))
def test_the_order_in_which_they_come_does_not_matter(story: list[Said], random: object) -> None:
    mixed = [*story]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert passages(mixed) == passages(story)
    assert main(chains(mixed)) == main(chains(story))


@given(stories)
def test_a_speaker_was_told_or_heard_what_neither_they_nor_their_hearer_had_said(story: list[Said]) -> None:
    for chain in chains(story).values():
        times = [(each.at, each.statement_id) for each in chain]
        assert times == sorted(times)
        for place, (before, after) in enumerate(pairwise(chain), 1):
            # A message may come back to who began it, who then passes on what became of it.
            if before.said_to != after.said_by:
                assert not {each.said_by for each in chain[:place]} & {after.said_by, after.said_to}


@given(stories)
def test_the_hops_of_a_path_are_its_statements_after_the_first(story: list[Said]) -> None:
    chain = main(chains(story))
    found = passages(story)
    for each, hop in zip(passed(chain), path_of(chain).hops, strict=True):
        assert found[each.statement_id] == each
        assert (each.hop, 0 <= each.hop.distortion <= 1) == (hop, True)
