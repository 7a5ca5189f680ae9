"""What a shell offers next, for options whose values are not fixed in the command itself."""

from __future__ import annotations

from collections.abc import Iterable

ROLES = ("viewer", "operator", "approver", "admin")
"""As in candor.web.security.auth, which a shell must not wait for; a test compares."""


def roles(incomplete: str) -> list[str]:
    """The roles of keys."""
    return _begin(ROLES, incomplete)


def ports(incomplete: str) -> list[str]:
    """The parts whose port can be chosen, each with its `=`."""
    from candor.local.stack import USUAL_PORT_OF  # noqa: PLC0415 - a shell asks for one thing at a time

    return _begin((f"{part}=" for part in USUAL_PORT_OF), incomplete)


def services(incomplete: str) -> list[str]:
    """The services that a key can be limited to."""
    return _begin(("promise-svc", "delivery-svc", "risk-svc", "notify-svc"), incomplete)


def _begin(choices: Iterable[str], incomplete: str) -> list[str]:
    return [choice for choice in choices if choice.startswith(incomplete)]
