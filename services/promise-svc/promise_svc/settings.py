"""What promise-svc needs to know at start."""

from __future__ import annotations

from candor.ops.settings import Settings


class PromiseSettings(Settings):
    """Settings of promise-svc; CONTACT_PUBLIC_KEY_FILE is needed as well."""

    service: str = "promise-svc"
    port: int = 8101
