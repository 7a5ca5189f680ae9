"""Readiness: what is needed makes it end, what is not is shown."""

from __future__ import annotations

from candor.ops.health import Check, Health


def failing(reason: str) -> Check:
    async def check() -> None:
        raise OSError(reason)

    return check


async def fine() -> None:
    return


def started(**checks: Check) -> Health:
    health = Health(checks)
    health.started = True
    return health


async def test_what_is_not_needed_is_degraded_and_not_a_problem() -> None:
    health = started(database=fine)
    health.add("kafka", failing("away"), needed=False)
    assert await health.problems() == {}
    assert health.degraded == {"kafka": "OSError: away"}


async def test_both_are_told_apart() -> None:
    health = started(database=failing("no such host"))
    health.add("kafka", failing("away"), needed=False)
    assert await health.problems() == {"database": "OSError: no such host"}
    assert health.degraded == {"kafka": "OSError: away"}


async def test_nothing_is_degraded_before_anything_was_asked() -> None:
    health = Health({})
    health.add("kafka", failing("away"), needed=False)
    assert await health.problems() == {"process": "starting"}
    assert health.degraded == {}
