"""The target and the secret of a replay or import: from options, or from the running local stack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from candor.installation.running import at_work, read_running
from candor.ops.clock import BusinessClock, Clock, HeldClock, parse_clock
from candor.replay.sending import Endpoints
from candor.web.security.webhooks import parse_secrets


class WhereError(Exception):
    """Something needed to reach the services is missing; the error text names the option that gives it."""


@dataclass(frozen=True)
class Pace:
    """The services' business clock, and its business seconds per real second."""

    clock: Clock
    speed: float


def webhook_secret(path: Path, source: str) -> str:
    """The newest valid secret of a source in a file of webhook secrets. Raises WhereError."""
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
    """The clock given by the settings CLOCK, CLOCK_ORIGIN and CLOCK_ORIGIN_FILE, as in the services.

    Empty text: the system clock, by which past events are sent at once and future ones waited for. Raises WhereError.
    """
    try:
        clock = parse_clock(
            text, datetime.fromisoformat(origin) if origin else None, Path(origin_file) if origin_file else None
        )
    except ValueError as error:
        raise WhereError(str(error)) from error
    return Pace(clock, clock.speed if isinstance(clock, BusinessClock | HeldClock) else 1.0)


def risk_web(given: str, promise_url: str) -> str:
    """The address of risk-svc: the one given, or the running local stack's; empty if neither is known.

    If events go to a promise-svc elsewhere, the local risk-svc is not asked whether they teach.
    """
    if given or promise_url:
        return given
    running = read_running(at_work())
    return running.address("risk-web") if running else "http://127.0.0.1:8103"


def endpoints(promise_url: str, delivery_url: str) -> Endpoints:
    """The given addresses; an empty one becomes the running local stack's, or its usual address if none runs."""
    running = None if promise_url and delivery_url else read_running(at_work())
    return Endpoints(
        promise_url or (running.address("promise-svc") if running else "http://127.0.0.1:8101"),
        delivery_url or (running.address("delivery-svc") if running else "http://127.0.0.1:8102"),
    )
