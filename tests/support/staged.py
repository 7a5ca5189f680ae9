"""The demo's stack on the test servers, with topics and databases of its own and ports that are free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from candor_demo import stage
from candor_demo.day import Day


@contextmanager
def staged(day: Day, speed: float, kafka: str, postgres: str, home: Path) -> Iterator[stage.Stage]:
    """All processes of the demo, ready, for the length of the block."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CANDOR_HOME", str(home))
        environment.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        environment.setenv("DATABASE_URL", postgres)
        made = stage.prepare(day, speed, print, usual_ports=False)
        try:
            made.stack.start()
            yield made
        finally:
            made.stack.stop()
