"""Settings of the services that take webhooks."""

from __future__ import annotations

from collections.abc import Sequence

from candor.ops.secret_files import SecretFile
from candor.ops.setting_types import OptionalFile
from candor.ops.settings import Settings, strong_secrets


class IntakeSettings(Settings):
    """Settings of promise-svc and delivery-svc alike."""

    sources_file: OptionalFile = None
    """YAML file of mapped sources: systems whose webhooks are read as it says. Read again: within a second of a change.

    Example: /run/candor/sources/sources.yaml
    """
    request_key_file: OptionalFile = None
    """File of secrets, one a line, of 32 characters or more: the first seals what senders sent, all of them open it.

    Without it, in development, what is kept can be read until the process ends. Read again: within seconds of a change.
    Example: /run/candor/requests/requests.key
    """

    def request_secrets(self) -> SecretFile[Sequence[str]] | None:
        """The secrets that seal stored requests. Raises ValueError if they are missing in production, or unsuitable."""
        if self.request_key_file is not None:
            return SecretFile(self.request_key_file, strong_secrets, name="REQUEST_KEY_FILE")
        if self.production:
            raise ValueError("REQUEST_KEY_FILE is missing: what senders sent could not be kept sealed")
        return None
