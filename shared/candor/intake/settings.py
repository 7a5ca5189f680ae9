"""Settings of the services that take webhooks."""

from __future__ import annotations

from candor.ops.setting_types import OptionalFile
from candor.ops.settings import Settings


class IntakeSettings(Settings):
    """Settings of promise-svc and delivery-svc alike."""

    sources_file: OptionalFile = None
    """YAML file of mapped sources: systems whose webhooks are read as it says. Read again: within a second of a change.

    Example: /run/candor/sources/sources.yaml
    """
