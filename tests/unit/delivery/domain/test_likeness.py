"""Which promises a parked report may be about: alike in name, near in time, and why in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from delivery_svc.domain.likeness import MOST, SAME, Candidate, alike, normal, suggest

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NAMES = some.text(some.sampled_from("SOso-0019 äÄßЗз№"), max_size=12)


def candidate(name: str, promise_id: str = "PR-1", customer: str = "acme", due: datetime | None = NOON) -> Candidate:
    return Candidate(promise_id, customer, name, due)


@pytest.mark.parametrize("name", ["SO-0012", "so 12", "SO12", " So_012 ", "S.O.0012"])
def test_one_name_in_its_forms_is_the_same(name: str) -> None:
    assert normal(name) == "so12"


@pytest.mark.parametrize(
    ("one", "other", "score", "why"),
    [
        ("SO-0012", "so12", 0.9, "so12 is the same but for signs, capitals or zeros"),
        ("4711", "SO-4711", 0.75, "SO-4711 has the same number"),
        ("SO-4712", "SO-4721", 0.6, "SO-4721 has two signs the other way round"),
        ("SO-471", "SOX-471", 0.5, "SOX-471 differs in one sign"),
        ("SO-4711", "SO-4712", 0.3, "SO-4712 differs in one digit"),
        ("SO-471199", "SO-4711", 0.25, "SO-4711 differs in two signs"),
        ("SO-4711", "SO-9999", 0.0, ""),
        ("ЗАКАЗ 017", "Заказ-17", 0.9, "Заказ-17 is the same but for signs, capitals or zeros"),
        ("Бронь-17", "Заказ-17", 0.0, ""),
        ("SO–12", "so №12", 0.9, "so №12 is the same but for signs, capitals or zeros"),
        ("MÜLLER STRASSE", "Müller Straße", 0.9, "Müller Straße is the same but for signs, capitals or zeros"),
        ("注文一", "請求二", 0.0, ""),
        # Of short names two signs are too many.
        ("12", "SO-12", 0.0, ""),
        ("", "SO-1", 0.0, ""),
        ("---", "///", 0.0, ""),
    ],
)
def test_names_are_alike_in_a_way_that_is_said(one: str, other: str, score: float, why: str) -> None:
    assert alike(one, other) == (score, why)


@settings(max_examples=300, print_blob=True)
@given(NAMES, NAMES)
def test_likeness_is_the_same_both_ways_and_whole_for_one_name(one: str, other: str) -> None:
    assert alike(one, other)[0] == alike(other, one)[0]
    assert 0 <= alike(one, other)[0] <= SAME
    assert alike(one, one)[0] == (SAME if normal(one) else 0.0)


def test_the_likeliest_comes_first_and_says_why() -> None:
    near, far = NOON + timedelta(days=2), NOON + timedelta(days=200)
    found = suggest(
        "SO 0012",
        NOON,
        [
            candidate("SO-13", "PR-3", due=near),
            candidate("SO-12", "PR-2", due=far),
            candidate("so12", "PR-1", due=near),
        ],
    )
    assert [(one.candidate.promise_id, one.score) for one in found] == [("PR-1", 0.923), ("PR-2", 0.9), ("PR-3", 0.458)]
    assert found[0].why == (
        "so12 is the same but for signs, capitals or zeros",
        "it is promised for 2026-12-03, 2 days from the report",
    )
    assert len(found[1].why) == 1


def test_a_customer_in_the_name_counts_where_it_says_something() -> None:
    plain = suggest("acme 4711", NOON, [candidate("SO-4711", due=None, customer="bolt")])
    named = suggest("acme 4711", NOON, [candidate("SO-4711", due=None, customer="ACME")])
    both = suggest("acme 4711", NOON, [candidate("acme/4711", due=None)])
    assert (plain[0].score, named[0].score, both[0].score) == (0.75, 0.825, 0.9)
    assert named[0].why[-1] == "its customer ACME stands in the name"
    assert suggest("ab 4711", NOON, [candidate("SO-4711", due=None, customer="ab")])[0].score == 0.75


def test_a_promise_is_suggested_once_by_its_best_name() -> None:
    (found,) = suggest("SO-12", NOON, [candidate("SO-13"), candidate("SO12"), candidate("other")])
    assert found.candidate.name == "SO12"


def test_few_are_suggested_and_none_that_is_not_alike() -> None:
    many = [candidate(f"SO-10{number:02d}", f"PR-{number}") for number in range(40)]
    assert len(suggest("SO-1001", NOON, many)) == MOST
    assert suggest("SO-1001", NOON, [candidate("ZX-99")]) == []


@settings(max_examples=200, print_blob=True)
@given(NAMES, some.lists(some.tuples(NAMES, some.integers(-400, 400)), max_size=30))
def test_scores_are_shares_in_falling_order(name: str, others: list[tuple[str, int]]) -> None:
    found = suggest(
        name,
        NOON,
        [candidate(other, f"PR-{n}", due=NOON + timedelta(days=days)) for n, (other, days) in enumerate(others)],
    )
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 < one.score < 1 and one.why for one in found)
