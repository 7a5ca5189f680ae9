"""How promises end: withdrawn, kept, broken, disputed, and what may follow."""

from __future__ import annotations

import pytest

from candor.contracts import AskedBy, PromiseWithdrawn
from candor.intake.once import Origin
from promise_svc.domain import ChangeKind, Refusal, RefusalReason, Settle, State, Withdraw, settle, withdraw
from promise_svc.events import changed
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import HOUR, promise, to_settle

LATER = NOON + 30 * HOUR
VERDICTS = (State.KEPT, State.BROKEN, State.DISPUTED)


def test_an_open_promise_can_be_withdrawn_with_its_reason() -> None:
    withdrawn, change = withdraw(promise(), Withdraw("p1", "the order was cancelled"), LATER)
    assert (withdrawn.state, withdrawn.version) == (State.WITHDRAWN, 2)
    assert (change.kind, change.reason, change.at) == (ChangeKind.WITHDRAWN, "the order was cancelled", LATER)


@pytest.mark.parametrize(
    ("by_customer", "asked_by"), [(None, None), (True, AskedBy.CUSTOMER), (False, AskedBy.COMPANY)]
)
def test_a_withdrawal_says_whose_wish_it_was_if_that_is_known(
    by_customer: bool | None, asked_by: AskedBy | None
) -> None:
    withdrawn, change = withdraw(promise(), Withdraw("p1", "no", asked_by_customer=by_customer), LATER)
    data = changed(withdrawn, change, Origin("e1", "crm", LATER)).data
    assert isinstance(data, PromiseWithdrawn)
    assert data.asked_by is asked_by


@pytest.mark.parametrize("state", [*VERDICTS, State.WITHDRAWN])
def test_what_has_ended_cannot_be_withdrawn(state: State) -> None:
    with pytest.raises(Refusal) as refused:
        withdraw(promise(state=state), Withdraw("p1", "no"), LATER)
    assert refused.value.why is RefusalReason.PROMISE_CLOSED


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_settles_a_promise(verdict: State) -> None:
    settled, change = settle(promise(), to_settle(verdict), LATER)
    assert (settled.state, settled.completed_at, settled.version) == (verdict, NOON + 20 * HOUR, 2)
    assert (change.kind, change.verdict, change.at) == (ChangeKind.SETTLED, verdict, LATER)


def test_a_verdict_knows_its_own_time() -> None:
    _, change = settle(promise(), Settle("p1", State.BROKEN, None, NOON + HOUR), LATER)
    assert (change.at, change.completed_at) == (NOON + HOUR, None)


@pytest.mark.parametrize("before", VERDICTS)
@pytest.mark.parametrize("after", VERDICTS)
def test_a_verdict_can_be_corrected_but_not_repeated(before: State, after: State) -> None:
    settled, _ = settle(promise(), to_settle(before), LATER)
    if before is after:
        with pytest.raises(Refusal) as refused:
            settle(settled, to_settle(after), LATER)
        assert refused.value.why is RefusalReason.ALREADY_SETTLED
    corrected, _ = settle(settled, to_settle(after, 21), LATER)
    assert (corrected.state, corrected.completed_at, corrected.version) == (after, NOON + 21 * HOUR, 3)


def test_a_withdrawn_promise_takes_no_verdict() -> None:
    with pytest.raises(Refusal) as refused:
        settle(promise(state=State.WITHDRAWN), to_settle(), LATER)
    assert refused.value.why is RefusalReason.PROMISE_CLOSED


@pytest.mark.parametrize(
    ("hours", "why"),
    [
        (-1, RefusalReason.COMPLETED_BEFORE_MADE),
        (31, RefusalReason.COMPLETED_AHEAD),
        (30 + 6 / 60, RefusalReason.COMPLETED_AHEAD),
    ],
)
def test_completion_lies_between_the_making_and_now(hours: float, why: RefusalReason) -> None:
    with pytest.raises(Refusal) as refused:
        settle(promise(), to_settle(hours=hours), LATER)
    assert (refused.value.why, refused.value.pointer) == (why, "/completed_at")


def test_clocks_may_differ_by_five_minutes() -> None:
    assert settle(promise(), to_settle(hours=30 + 5 / 60), LATER)[0].state is State.KEPT


@pytest.mark.parametrize("version", [1, 7])
def test_endings_check_the_version_that_was_read(version: int) -> None:
    with pytest.raises(Refusal) as refused:
        settle(promise(version=3), to_settle(version=version), LATER)
    assert refused.value.why is RefusalReason.VERSION_CHANGED
    with pytest.raises(Refusal) as refused:
        withdraw(promise(version=3), Withdraw("p1", "no", version), LATER)
    assert refused.value.why is RefusalReason.VERSION_CHANGED
