"""What a customer's verdict makes of a promise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Choice
from promise_svc.domain import State, judged

VERDICTS = (Choice.KEPT, Choice.IN_PART, Choice.NOT_KEPT)


@pytest.mark.parametrize(
    ("state", "said", "kept", "ends"),
    [
        (State.MADE, Choice.KEPT, False, State.KEPT),
        (State.MADE, Choice.IN_PART, False, State.BROKEN),
        (State.MADE, Choice.NOT_KEPT, False, State.BROKEN),
        (State.MADE, Choice.NOT_KEPT, True, State.DISPUTED),
        (State.KEPT, Choice.NOT_KEPT, False, State.DISPUTED),
        (State.KEPT, Choice.IN_PART, True, State.DISPUTED),
        (State.KEPT, Choice.KEPT, True, None),
        (State.BROKEN, Choice.KEPT, False, State.KEPT),
        (State.BROKEN, Choice.NOT_KEPT, False, None),
        (State.DISPUTED, Choice.KEPT, False, State.KEPT),
        (State.DISPUTED, Choice.NOT_KEPT, False, None),
        (State.WITHDRAWN, Choice.NOT_KEPT, False, None),
        (State.WITHDRAWN, Choice.KEPT, False, None),
    ],
)
def test_a_verdict_ends_it_and_where_ours_differs_it_is_disputed(
    state: State, said: Choice, kept: bool, ends: State | None
) -> None:
    assert judged(state, said, kept=kept) is ends


@given(st.sampled_from(State), st.lists(st.sampled_from(VERDICTS), min_size=1), st.booleans())
def test_the_newest_verdict_counts_and_said_again_it_changes_nothing(
    state: State, said: list[Choice], kept: bool
) -> None:
    now = state
    for one in said:
        now = judged(now, one, kept=kept) or now
    assert judged(now, said[-1], kept=kept) is None
    assert (now is State.WITHDRAWN) == (state is State.WITHDRAWN)
    if state is not State.WITHDRAWN:
        assert (now is State.KEPT) == (said[-1] is Choice.KEPT)
        assert now is not State.MADE
