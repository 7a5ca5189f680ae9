"""Changes a user's password in a real broker, as whoever runs it does; the client library knows no such request."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

ITERATIONS, SHA_512 = 4096, 2
_NAME = ("name", CompactString("utf-8"))
_TAGS = ("tags", TaggedFields)


class _Altered(Response):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("results", CompactArray(_NAME, ("error", Int16), ("message", CompactString("utf-8")), _TAGS)),
        _TAGS,
    )


class _Alter(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _Altered
    SCHEMA = Schema(
        ("deletions", CompactArray(_NAME, ("mechanism", Int8), _TAGS)),
        (
            "upsertions",
            CompactArray(
                _NAME,
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class _Request(Request[_Alter]):  # type: ignore[misc]
    API_KEY = 51

    def __init__(self, user: str, password: str) -> None:
        salt = secrets.token_bytes(16)
        salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
        self._upsertions: list[Any] = [(user, SHA_512, ITERATIONS, salt, salted, {})]

    def build(self, struct: Any) -> Any:
        return struct([], self._upsertions, {})


async def change_password(bootstrap_servers: str, user: str, password: str) -> None:
    """From now on `user` signs in by SCRAM-SHA-512 with `password` alone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        answer = await admin._send_to_controller(_Request(user, password))
        assert [result[1] for result in answer.results] == [0], answer
    finally:
        await admin.close()
