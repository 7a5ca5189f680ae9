"""Readiness: what is needed makes it end, what is not is shown."""

from __future__ import annotations

import json

import pytest
import structlog

from candor.ops import logging
from candor.ops.health import FRESH_SECONDS, Check, Health
from candor.ops.metrics import REGISTRY


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


async def test_the_page_says_of_each_check_whether_it_fails() -> None:
    def failed(name: str) -> float | None:
        return REGISTRY.get_sample_value("candor_check_failed", {"check": name})

    broken = ["disk"]

    async def check() -> None:
        if broken:
            raise OSError("full")

    health = started(shelf=check, floor=fine)
    await health.problems()
    assert (failed("shelf"), failed("floor"), failed("roof")) == (1, 0, None)
    broken.clear()
    health._asked -= FRESH_SECONDS
    await health.problems()
    assert failed("shelf") == 0


async def test_the_log_says_why_also_of_a_check_that_is_named_like_a_secret(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.configure_structlog("notify-svc")
    try:
        health = started()
        for name in ("channel email", "secret files", "API keys token"):
            health.add(name, failing("no route to bob@example.com"), needed=False)
        await health.problems()
    finally:
        structlog.reset_defaults()
    wrong = json.loads(capsys.readouterr().out)["wrong"]
    why = "OSError: no route to [address]"
    assert wrong == [f"channel email: {why}", f"secret files: {why}", f"API keys token: {why}"]
