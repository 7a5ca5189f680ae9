"""Where a replay or an import goes, and with which secret: from options, or from the running local stack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from candor.installation.running import at_work, read_running
from candor.ops.clock import BusinessClock, Clock, HeldClock, parse_clock
from candor.replay.sending import Endpoints
from candor.web.security.webhooks import parse_secrets


class WhereError(Exception):
    """Something needed to reach the services is missing; the text says which option gives it."""


@dataclass(frozen=True)
class Pace:
    """The services' business clock, and its business seconds a real second."""

    clock: Clock
    speed: float


def webhook_secret(path: Path, source: str) -> str:
    """The newest live secret of a source in a file of webhook secrets. Raises WhereError."""
    try:
        secrets = parse_secrets(path.read_bytes())
    except OSError as error:
        raise WhereError(f"cannot read {path}: {error.strerror} (--secrets names the file)") from error
    except ValueError as error:
        raise WhereError(f"{path}: {error}") from error
    if source not in secrets or not secrets[source].secrets:
        raise WhereError(f"{path} has no secret of source {source!r} (--source names one of: {', '.join(secrets)})")
    return secrets[source].secrets[0]


def pace(text: str, origin: str, origin_file: str = "") -> Pace:
    """The clock of the settings CLOCK, CLOCK_ORIGIN and CLOCK_ORIGIN_FILE, as the services have them.

    Empty text: the system clock, where the past is sent at once and the future waited for. Raises WhereError.
    """
    try:
        clock = parse_clock(
            text, datetime.fromisoformat(origin) if origin else None, Path(origin_file) if origin_file else None
        )
    except ValueError as error:
        raise WhereError(str(error)) from error
    return Pace(clock, clock.speed if isinstance(clock, BusinessClock | HeldClock) else 1.0)


def risk_web(given: str, promise_url: str) -> str:
    """Where risk-svc answers: the address given, or the running local stack's; empty where neither is known.

    Events that go to a promise-svc elsewhere are not judged by what the local risk-svc has learnt.
    """
    if given or promise_url:
        return given
    running = read_running(at_work())
    return running.address("risk-web") if running else "http://127.0.0.1:8103"


def endpoints(promise_url: str, delivery_url: str) -> Endpoints:
    """The addresses given; what is empty is the running local stack's, or its usual address where none runs."""
    running = None if promise_url and delivery_url else read_running(at_work())
    return Endpoints(
        promise_url or (running.address("promise-svc") if running else "http://127.0.0.1:8101"),
        delivery_url or (running.address("delivery-svc") if running else "http://127.0.0.1:8102"),
    )
