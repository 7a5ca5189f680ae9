"""What an overloaded journal is written from: each minute has other promises, each with its whole life in order."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from bench.learning import EACH, lives
from bench.overload_writer import LEAD, MINUTE, pieces
from risk_svc.forecast.view import Entry, PromiseSnapshot

BEGIN = 1_704_067_200.0
PROMISES = 300
_decode = msgspec.msgpack.Decoder(list[Entry]).decode


def entries_of(numbers: range) -> list[PromiseSnapshot]:
    """All entries of the promises of some minutes, in the order in which they are written."""
    made = pieces(BEGIN, PROMISES)
    found: list[PromiseSnapshot] = []
    for minute in range(numbers.stop + 60):
        for one in made:
            if minute - one.after in numbers:
                for _, count, body, newest in one.rows(minute - one.after, BEGIN):
                    entries = [entry for entry in _decode(body) if isinstance(entry, PromiseSnapshot)]
                    assert len(entries) == count
                    assert max(entry.at for entry in entries) <= newest
                    found += entries
    return found


def test_each_minute_has_promises_of_its_own_with_their_whole_lives_in_order() -> None:
    by_promise: dict[str, list[PromiseSnapshot]] = defaultdict(list)
    for entry in entries_of(range(4)):
        by_promise[entry.view.promise_id].append(entry)
    assert len(by_promise) == 4 * PROMISES
    for mine in by_promise.values():
        assert len(mine) == EACH
        assert [entry.at for entry in mine] == sorted(entry.at for entry in mine)
        assert mine[-1].view.completed == mine[-1].at


def test_a_later_minute_is_the_first_one_moved() -> None:
    first = sorted(lives(PROMISES, BEGIN, MINUTE, LEAD), key=lambda entry: (entry.at, entry.view.promise_id))
    third = sorted(entries_of(range(3, 4)), key=lambda entry: (entry.at, entry.view.promise_id))
    shift = 3 * MINUTE
    assert [entry.at - shift for entry in third] == [entry.at for entry in first]
    assert [entry.view.deadline - shift for entry in third] == [entry.view.deadline for entry in first]
    assert [entry.view.numbers for entry in third] == [entry.view.numbers for entry in first]
    plans = [{name: at - shift for name, at in entry.view.plans.items()} for entry in third]
    assert plans == [entry.view.plans for entry in first]
