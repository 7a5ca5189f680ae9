"""Settings of the webhook channel, and the secrets that its receivers verify with."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from pydantic import field_validator

from candor.clients.public_address import Guard
from candor.ops.secret_files import SecretFile, lines
from candor.ops.setting_types import OptionalFile, Seconds
from notify_svc.channels import ChannelSettings

KEY_BYTES: Final = 32


class Secrets:
    """The secret of each address, worked out of the installation's keys: nothing is stored, no two are the same.

    While the file has two lines each message is signed with both, so that receivers can change over.
    """

    def __init__(self, file: SecretFile[tuple[bytes, ...]]) -> None:
        self.file = file

    def of(self, address: str) -> list[str]:
        """The address's secrets as `whsec_…`, the newest first."""
        return [secret_of(key, address) for key in self.file.get()]


def secret_of(key: bytes, address: str) -> str:
    """The secret of an address by one key: keyed BLAKE2b (RFC 7693) of the address."""
    digest = hashlib.blake2b(address.encode(), key=key, digest_size=32, person=b"candor-webhook").digest()
    return f"whsec_{base64.b64encode(digest).decode()}"


def keys(raw: bytes) -> tuple[bytes, ...]:
    """The keys in a file, one a line, the newest first. Raises ValueError unless each is the base64 of 32 bytes."""
    try:
        found = tuple(base64.b64decode(line, validate=True) for line in lines(raw))
    except ValueError:
        found = ()
    if not found or any(len(key) != KEY_BYTES for key in found):
        raise ValueError("the webhook key must be the base64 of 32 bytes, one key a line")
    return found


class WebhookSettings(ChannelSettings):
    """What webhooks are signed with; without a key there is no such channel."""

    webhook_key_file: OptionalFile = None
    """File of one or two lines, the base64 of 32 bytes each, that the secrets of customers' webhooks come from; without
    it nothing goes by webhook. Read again: for the next message.

    Example: /run/candor/webhook/key
    """
    webhook_seconds: Seconds = 20
    """Seconds that a customer's system may take to answer. Example: 20"""
    webhook_private: bool = False
    """Whether webhooks may go to this machine, without TLS; never in production. Example: false"""

    @field_validator("webhook_seconds")
    @classmethod
    def _as_specified(cls, value: float) -> float:
        if value > 30:
            raise ValueError("must be 30 at most: Standard Webhooks gives a receiver 15 to 30 seconds")
        return value

    def secrets(self) -> Secrets | None:
        """The secrets; None without a key. Raises ValueError for a file that cannot be used."""
        path = self.webhook_key_file
        return Secrets(SecretFile(path, keys, name="WEBHOOK_KEY_FILE")) if path else None

    def guard(self) -> Guard:
        """Which addresses may be connected to. Raises ValueError for a private one in production."""
        if self.webhook_private and self.production:
            raise ValueError("WEBHOOK_PRIVATE must be false: a customer's webhook would reach machines of ours")
        return Guard(private=self.webhook_private)
