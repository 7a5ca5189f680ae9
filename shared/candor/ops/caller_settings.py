"""What one caller, and all of them together, may ask of a process."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from candor.ops.setting_types import Seconds


class CallerSettings(BaseSettings):
    """Part of every process's settings: times, rates and numbers beyond which a caller is refused or cut off."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True, allow_inf_nan=False)

    body_seconds: Seconds = 10
    """Seconds within which a request's body must have come. Example: 10"""
    request_seconds: Seconds = 30
    """Seconds within which a request must have been answered. Example: 30"""
    write_seconds: Seconds = 30
    """Seconds within which a caller must have read an answer; then the connection is cut. Example: 60"""
    linger_seconds: Seconds = 5
    """Seconds for which the rest of a request is read, unseen, after an answer that came before its end.

    Example: 5
    """
    rate_limit: float = Field(default=1000, ge=0, le=1_000_000)
    """Requests a second for each key, sender or session, all processes together; 0 is no limit. Example: 200"""
    address_rate_limit: float = Field(default=20, ge=0, le=1_000_000)
    """Requests a second for each client address of those who are none of these; 0 is no limit. Example: 5"""
    byte_rate_limit: float = Field(default=20_000_000, ge=0, le=1e12)
    """Bytes a second of bodies of each key, sender or session, all processes together, and a tenth of it of each client
    address of those who are none of these; 0 is no limit.

    Example: 5000000
    """
    customer_rate_limit: float = Field(default=100, ge=0, le=1_000_000)
    """Events a second that one key or sender may send about one customer, all processes together; imports of the past
    do not count, and 0 is no limit.

    Example: 20
    """
    max_running: int = Field(default=1000, ge=1, le=1_000_000)
    """Requests that may run at once; others are answered 503 `overloaded`. Example: 1000"""
    max_running_per_caller: int = Field(default=200, ge=1, le=1_000_000)
    """Requests of one key, sender, session or stranger's address that may run at once; others are answered 429.

    Example: 50
    """
    max_connections: int = Field(default=2000, ge=1, le=1_000_000)
    """Connections that may be open; then idle ones make room, and others are refused. Example: 10000"""
    max_connections_per_address: int = Field(default=200, ge=1, le=1_000_000)
    """Connections that one client address may have open; proxies in FORWARDED_ALLOW_IPS may have any number.

    Example: 50
    """
