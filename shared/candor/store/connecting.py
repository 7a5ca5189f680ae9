"""How a connection to PostgreSQL begins: with the password that is in its file by then."""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from candor.ops.database_url import parted
from candor.ops.secret_files import SecretFile, credential, read
from candor.store.errors import StoreUnavailable

NAME: Final = "DATABASE_PASSWORD_FILE"


async def connect(url: str, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
    """Return one connection, opened as asyncpg's `connect` does; raises StoreUnavailable if the file is no good."""
    address, file = parted(url)
    try:
        password = read(file, credential, f"{NAME} {file}") if file else None
    except ValueError as error:
        raise StoreUnavailable(f"database: {error}") from error
    return await asyncpg.connect(address, password=password, **options)


def password_file(url: str) -> tuple[str, SecretFile[str] | None]:
    """Return the address for asyncpg, and its password for many connections; raises StoreUnavailable as `connect`."""
    address, file = parted(url)
    try:
        return address, SecretFile(file, credential, name=NAME) if file else None
    except ValueError as error:
        raise StoreUnavailable(f"database: {error}") from error
