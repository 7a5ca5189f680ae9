"""Whom a request is about, which pauses follow its tries, and what of it arrives together."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from candor.intake.requests.arriving import Arrivals
from candor.intake.requests.background import asked
from candor.intake.requests.content import Vault
from candor.intake.requests.queue import FIRST_SECONDS, LONGEST_SECONDS, pause
from candor.intake.requests.writing import Request, _together, named
from candor.web.http.problems import Problem
from candor.web.http.rates import overload
from candor.web.security.webhooks import Webhook
from delivery_svc.domain import Report
from delivery_svc.domain.milestone import MilestoneStatus
from delivery_svc.domain.values import NamespacedId
from promise_svc.domain import SetContact, Withdraw
from promise_svc.sources.standard import SOURCE
from tests.support.clocks import NOON

TRIES = st.integers(1, 200)


def request(name: str, times: int = 1, *about: str, state: str = "processed") -> Request:
    where = {"source": "crm", "read_as": "standard", "sealed": b"", "size": 0, "received_at": NOON}
    return Request(request_id=name, times=times, about=set(about), state=state, **where)  # type: ignore[arg-type]


def report(promise_id: str | None, reference: NamespacedId | None) -> Report:
    return Report(
        promise_id=promise_id, reference=reference, milestone="arrived", status=MilestoneStatus.REACHED, at=NOON
    )


def test_a_command_names_its_customer_its_promise_or_that_promises_name_elsewhere() -> None:
    assert [*named(SetContact("acme", "sealed"))] == ["customer/acme"]
    assert [*named(Withdraw("PR-1", None))] == ["promise/PR-1"]  # type: ignore[arg-type]
    assert [*named(report("PR-1", None))] == ["promise/PR-1"]
    assert [*named(report(None, NamespacedId("crm", "a/b,c")))] == ["reference/crm/a/b,c"]


def test_what_comes_several_times_at_once_is_one_request_in_an_order_that_all_share() -> None:
    found = _together([request("b", 1, "x"), request("a"), request("b", 1, "y", state="refused")])
    assert [(one.request_id, one.times, one.about, one.state) for one in found] == [
        ("a", 1, set(), "processed"),
        ("b", 2, {"x", "y"}, "refused"),
    ]


def test_a_request_is_the_same_by_sender_id_and_bytes() -> None:
    arrivals = Arrivals(Vault("k" * 40), lambda: NOON + timedelta(days=1))
    first = Webhook("crm", "id", b"{}", headers={"x-attempt": "1"})
    same = first._replace(headers={"x-attempt": "2"})
    names = [arrivals.request(one, SOURCE).request_id for one in (first, same)]
    others = [
        arrivals.request(first._replace(**change), SOURCE).request_id
        for change in ({"source": "erp"}, {"id": "other"}, {"raw": b"{} "})
    ]
    assert names[0] == names[1]
    assert len({names[0], *others}) == 4
    kept = arrivals.request(first, SOURCE)
    assert (kept.source, kept.read_as, kept.size, kept.received_at) == ("crm", "standard", 2, NOON + timedelta(days=1))


@given(st.text(max_size=32), TRIES)
def test_pauses_double_up_to_a_longest_with_half_of_each_by_chance(name: str, tries: int) -> None:
    whole = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (tries - 1))
    assert whole / 2 <= pause(name, tries) <= whole
    assert pause(name, tries) == pause(name, tries)


@given(st.text(max_size=32), TRIES, st.floats(0, 10_000))
def test_a_system_that_says_when_to_come_again_is_not_asked_before(name: str, tries: int, seconds: float) -> None:
    assert pause(name, tries, seconds) >= seconds


def test_requests_that_failed_together_do_not_come_back_together() -> None:
    assert len({round(pause(f"r{number}", 5), 3) for number in range(50)}) > 40


def test_a_retry_after_is_read_and_another_word_there_is_none() -> None:
    for said, seconds in (("7", 7.0), ("", 0.0), ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0), ("-1", 0.0)):
        assert asked(Problem("overloaded", headers={"Retry-After": said})) == seconds
    assert asked(Problem("overloaded")) == 0.0


def test_to_a_sender_too_much_is_ours_and_everything_else_what_it_was() -> None:
    for code in ("rate_limited", "customer_rate_limited", "too_many_running"):
        said = overload(Problem(code, "try again", headers={"Retry-After": "3"}))
        assert (said.status, said.code, said.headers["Retry-After"]) == (503, "overloaded", "3")
    other = Problem("bad_signature")
    assert overload(other) is other
