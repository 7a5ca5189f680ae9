"""Request bodies."""

from __future__ import annotations

from typing import Literal

from candor.web.http.fields import Body


class ResolveIn(Body):
    """What a person found out about a message that was unknown, failed or held."""

    outcome: Literal["sent", "not_sent"]


class SwitchIn(Body):
    """On or off."""

    enabled: bool


class MassIn(Body):
    """What becomes of a mass of messages that is held."""

    decision: Literal["release", "drop"]
