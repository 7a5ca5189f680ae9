"""Contacts, and what may still be said of a customer who asked to be forgotten."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise_svc.domain import Customer, Refusal, RefusalReason, SetContact, admit, erase, set_contact
from tests.support.clocks import NOON

MINUTE = timedelta(minutes=1)


def test_the_first_contact_is_version_one() -> None:
    customer = set_contact(Customer("c1"), SetContact("c1", "sealed"), NOON)
    assert (customer.sealed, customer.contact_version, customer.contact_at) == ("sealed", 1, NOON)


def test_an_older_contact_changes_nothing() -> None:
    newer = set_contact(Customer("c1"), SetContact("c1", "new"), NOON)
    assert set_contact(newer, SetContact("c1", "old", reported=True), NOON - MINUTE) is newer


def test_what_our_own_user_sets_counts_whatever_time_a_sender_had() -> None:
    ahead = set_contact(Customer("c1"), SetContact("c1", "theirs", reported=True), NOON + 4 * MINUTE)
    ours = set_contact(ahead, SetContact("c1", "ours"), NOON)
    assert (ours.sealed, ours.contact_version, ours.contact_at) == ("ours", 2, NOON + 4 * MINUTE)


def test_the_same_moment_counts_as_newer() -> None:
    first = set_contact(Customer("c1"), SetContact("c1", "one"), NOON)
    assert set_contact(first, SetContact("c1", "two"), NOON).sealed == "two"


@given(st.lists(st.integers(0, 20), min_size=1))
def test_contacts_end_as_the_newest_and_versions_have_no_gaps(minutes: list[int]) -> None:
    customer = Customer("c1")
    seen = [0]
    for number, minute in enumerate(minutes):
        customer = set_contact(customer, SetContact("c1", str(number), reported=True), NOON + minute * MINUTE)
        seen.append(customer.contact_version)
    newest = max(range(len(minutes)), key=lambda number: (minutes[number], number))
    assert customer.sealed == str(newest)
    assert all(after - before in (0, 1) for before, after in pairwise(seen))


def test_an_erasure_leaves_versions_and_the_mark_alone() -> None:
    customer = set_contact(Customer("c1"), SetContact("c1", "sealed"), NOON)
    erased = erase(customer, NOON + MINUTE)
    assert erased == Customer("c1", None, 2, None, NOON + MINUTE, 1)


def test_an_erasure_can_be_repeated_and_is_said_again() -> None:
    twice = erase(erase(Customer("c1"), NOON), NOON + MINUTE)
    assert (twice.erasures, twice.contact_version, twice.erased_at) == (2, 2, NOON + MINUTE)


def test_a_repeated_erasure_never_moves_the_mark_back() -> None:
    assert erase(erase(Customer("c1"), NOON), NOON - MINUTE).erased_at == NOON


@pytest.mark.parametrize(("minutes", "welcome"), [(-1, False), (0, False), (1, True)])
def test_only_what_was_said_after_an_erasure_counts(minutes: int, welcome: bool) -> None:
    erased = erase(Customer("c1"), NOON)
    at = NOON + minutes * MINUTE
    if welcome:
        admit(erased.erased_at, at)
        assert set_contact(erased, SetContact("c1", "back"), at).contact_version == 2
        return
    for act in (lambda: admit(erased.erased_at, at), lambda: set_contact(erased, SetContact("c1", "x"), at)):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.why is RefusalReason.CUSTOMER_ERASED


def test_whoever_was_never_erased_is_welcome() -> None:
    admit(None, NOON)
