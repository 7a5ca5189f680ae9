"""Settings that promise-svc reads at startup."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from candor.ops.setting_types import Port, ServiceName, split_list
from candor.ops.settings import Settings

HOPS: Final = ("engineering", "product", "success", "sales", "customer")
Hop = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
Hops = Annotated[tuple[Hop, ...], NoDecode, BeforeValidator(split_list), Field(min_length=2, max_length=32)]


class PromiseSettings(Settings):
    """Settings of promise-svc; CONTACT_PUBLIC_KEY_FILE is also required."""

    service: ServiceName = "promise-svc"
    """Name of the service, which chooses its database and its consumer group. Example: promise-svc"""
    port: Port = 8101
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""
    statement_hops: Hops = HOPS
    """The departments through which statements pass on their way to customers, from the first to the last.

    Example: engineering,sales,customer
    """
