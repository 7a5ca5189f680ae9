"""What a sign of life says of the senders that its process misses."""

from __future__ import annotations

from datetime import UTC, datetime

from candor.contracts import ProcessAlive
from candor.messaging.pulse import Pulse
from candor.ops.settings import Settings

SINCE = datetime(2026, 11, 30, 6, 12, tzinfo=UTC)


def test_a_sign_of_life_names_silent_senders_while_they_are() -> None:
    pulse = Pulse(Settings(service="delivery-svc", port=0), "", {})
    assert pulse._alive().silent == {}
    silent = {"aftership": SINCE}
    pulse.silent = lambda: silent
    said = pulse._alive()
    assert isinstance(said, ProcessAlive)
    assert said.silent == {"aftership": SINCE.timestamp()}
    silent.clear()
    assert pulse._alive().silent == {}
