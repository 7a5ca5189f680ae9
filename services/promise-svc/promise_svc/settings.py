"""Settings that promise-svc reads at startup."""

from __future__ import annotations

from candor.ops.settings import Settings


class PromiseSettings(Settings):
    """Settings of promise-svc; CONTACT_PUBLIC_KEY_FILE is also required."""

    service: str = "promise-svc"
    port: int = 8101
