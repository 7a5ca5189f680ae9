"""Settings that promise-svc reads at startup."""

from __future__ import annotations

from candor.ops.setting_types import Port, ServiceName
from candor.ops.settings import Settings


class PromiseSettings(Settings):
    """Settings of promise-svc; CONTACT_PUBLIC_KEY_FILE is also required."""

    service: ServiceName = "promise-svc"
    """Name of the service, which chooses its database and its consumer group. Example: promise-svc"""
    port: Port = 8101
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""
