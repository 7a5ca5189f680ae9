"""What `candor replay` says at its end."""

from __future__ import annotations

import pytest

from candor.commands.replay import in_words
from candor.replay.engine import Outcome


@pytest.mark.parametrize(("speed", "said"), [(1.0, False), (60.0, True)])
def test_lateness_is_said_where_a_lower_speed_would_help(speed: float, said: bool) -> None:
    outcome = Outcome(total=7, sent=7, late=7, most_behind_s=59_965_738.0)
    words = in_words(outcome, speed)
    assert words.startswith("7 of 7 events answered, 0 retries")
    assert ("went out late" in words) is said
