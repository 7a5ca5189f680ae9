"""An engine that has lived through the made-up stream, once for all tests of a process; nobody teaches it more."""

from __future__ import annotations

from functools import cache

from risk_svc.backtest.stream import take
from risk_svc.forecast.engine import Engine
from tests.support.stream import stream


@cache
def taught() -> Engine:
    """An engine that has seen 900 parcels, the second half of maker c's late."""
    engine = Engine()
    for event in stream(900)[0]:
        take(engine, event)
    return engine
