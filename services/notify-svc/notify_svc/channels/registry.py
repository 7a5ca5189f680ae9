"""The channels of this process: those in the folders beside this file, and those a caller adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from pydantic import ValidationError

from candor.ops.loading import mistakes
from notify_svc import channels
from notify_svc.channels import Channel, ChannelSettings, Registration


def registered() -> dict[str, Registration]:
    """CHANNEL of every folder beside this file, by folder name. Raises TypeError if a folder exports none."""
    found: dict[str, Registration] = {}
    for module in iter_modules(channels.__path__):
        if not module.ispkg:
            continue
        registration = getattr(import_module(f"{channels.__name__}.{module.name}"), "CHANNEL", None)
        if not isinstance(registration, Registration):
            raise TypeError(f"channels/{module.name}/__init__.py exports no CHANNEL")
        found[module.name] = registration
    return found


def build_channels(
    environment: str, given: Mapping[str, Any], claim_seconds: float, extra: Iterable[Channel] = ()
) -> dict[str, Channel]:
    """Every channel that is set up, by name, and the `extra` ones. `given` settings override the environment's.

    Raises ValueError, naming the setting, if a channel is set up wrongly or may outlast a claim.
    """
    built = [_build(registration, environment, given) for registration in registered().values()]
    found = {channel.name: channel for channel in (*built, *extra) if channel is not None}
    for channel in found.values():
        if channel.final_seconds >= claim_seconds:
            raise ValueError(
                f"CLAIM_SECONDS must be longer than the {channel.final_seconds:g} s that one message by {channel.name} "
                "may take"
            )
    return found


def _build(registration: Registration, environment: str, given: Mapping[str, Any]) -> Channel | None:
    return registration.build(_settings(registration.settings, {**given, "environment": environment}))


def _settings(kind: type[ChannelSettings], given: Mapping[str, Any]) -> ChannelSettings:
    try:
        return kind(**given)
    except ValidationError as error:
        raise ValueError("; ".join(mistakes(error, kind))) from None
