"""Which fetches the broker may keep for long: those that nothing to be read can be missed by."""

from __future__ import annotations

from aiokafka import TopicPartition
from aiokafka.protocol.fetch import FetchRequest
from hypothesis import given
from hypothesis import strategies as some

from candor.messaging.fetching import SETTLED_SECONDS, Followed

PAIRS = [TopicPartition(topic, number) for topic in ("promises", "milestones") for number in range(3)]


class Hand:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def naming(pairs: set[TopicPartition]) -> FetchRequest:
    """A fetch of these."""
    topics = {pair.topic: [one.partition for one in sorted(pairs) if one.topic == pair.topic] for pair in pairs}
    return FetchRequest(100, 1, 1, 0, [(name, [(n, 0, 1) for n in numbers]) for name, numbers in topics.items()])


@given(some.sets(some.sampled_from(PAIRS)), some.sets(some.sampled_from(PAIRS)), some.sets(some.sampled_from(PAIRS)))
def test_a_fetch_misses_what_its_broker_leads_and_it_does_not_name(
    read: set[TopicPartition], taken: set[TopicPartition], led: set[TopicPartition]
) -> None:
    clock = Hand()
    followed = Followed(clock)
    for pair in read:
        followed.add(pair)
    clock.now += SETTLED_SECONDS
    named = read & taken & led
    assert followed.missed_by(naming(named), led.__contains__) == bool(read & led - named)


def test_what_was_begun_just_now_may_be_missed_by_a_fetch_under_way() -> None:
    clock = Hand()
    followed = Followed(clock)
    followed.add(PAIRS[0])
    everything = naming({PAIRS[0]})
    assert followed.missed_by(everything, lambda _: True)
    clock.now += SETTLED_SECONDS
    assert not followed.missed_by(everything, lambda _: True)


def test_what_is_read_no_more_is_not_missed() -> None:
    clock = Hand()
    followed = Followed(clock)
    followed.add(PAIRS[0])
    followed.add(PAIRS[1])
    clock.now += SETTLED_SECONDS
    assert followed.missed_by(naming({PAIRS[0]}), lambda _: True)
    followed.discard(PAIRS[1])
    assert not followed.missed_by(naming({PAIRS[0]}), lambda _: True)
