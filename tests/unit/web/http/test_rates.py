"""A token bucket a caller."""

import pytest

from candor.web.http.problems import Problem
from candor.web.http.rates import MAX_CALLERS, Rates


class Watch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def spent(rates: Rates, caller: str = "a") -> int:
    taken = 0
    while taken < 1000:
        try:
            rates.take(caller)
        except Problem:
            return taken
        taken += 1
    return taken


def test_a_burst_of_two_seconds_worth_then_the_rate() -> None:
    watch = Watch()
    rates = Rates("caller", 10, watch)
    assert spent(rates) == 20
    watch.seconds += 0.5
    assert spent(rates) == 5
    watch.seconds += 3600
    assert spent(rates) == 20


def test_callers_do_not_spend_each_others_tokens() -> None:
    rates = Rates("caller", 1, Watch())
    assert (spent(rates, "a"), spent(rates, "b")) == (2, 2)


def test_a_refused_caller_is_told_when_to_come_back() -> None:
    watch = Watch()
    rates = Rates("caller", 0.1, watch)
    spent(rates)
    with pytest.raises(Problem) as caught:
        rates.take("a")
    assert (caught.value.status, caught.value.headers) == (
        429,
        {"Retry-After": "10", "RateLimit-Policy": '"caller";q=1;w=10', "RateLimit": '"caller";r=0;t=10'},
    )
    watch.seconds += 10
    rates.take("a")


def test_being_refused_costs_nothing() -> None:
    watch = Watch()
    rates = Rates("caller", 1, watch)
    spent(rates)
    taken = 0
    for _ in range(16):
        watch.seconds += 0.125
        taken += spent(rates)
    assert taken == 2


def test_no_limit_is_no_limit() -> None:
    assert spent(Rates("caller", 0, Watch())) == 1000


def test_callers_without_end_do_not_fill_the_memory() -> None:
    rates = Rates("caller", 1, Watch())
    for number in range(MAX_CALLERS + 500):
        rates.take(f"caller-{number}")
    assert len(rates._buckets) == MAX_CALLERS


def test_a_look_at_a_name_keeps_nothing_of_it() -> None:
    rates = Rates("caller", 1, Watch())
    for number in range(5):
        # What was not checked yet may be as long as a body.
        assert rates.spent(f"{number}" * 1000) is None
    assert rates.unreported() == {}
