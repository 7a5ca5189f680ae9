"""What proves us to another system: a token, or OAuth client credentials; read again at every use, kept in no log."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from candor.clients.calling import Calling, DeniedError, RefusedError
from candor.ops.secret_files import credential

EARLY: Final = 60.0
"""A token counts as expired so many seconds before it is: our clocks and the way there differ."""
SHORTEST: Final = 30.0


class Credentials(Protocol):
    """Gives the token that a request carries."""

    async def token(self) -> str:
        """The token now. Raises CallError."""
        ...

    def refused(self) -> None:
        """Note that the system did not accept the last token."""
        ...


class Secret:
    """A secret in a file or an environment variable, as it is now: a changed file counts from the next request on."""

    def __init__(self, file: Path | None, variable: str) -> None:
        self._file = file
        self._variable = variable

    def read(self) -> str:
        """The secret. Raises RefusedError, which names the place and not the content."""
        if self._file is None:
            if found := os.environ.get(self._variable, "").strip():
                return found
            raise RefusedError(f"the environment has no {self._variable}")
        try:
            return credential(self._file.read_bytes())
        except OSError as error:
            raise RefusedError(f"{self._file}: {error.strerror or type(error).__name__}") from None
        except ValueError as error:
            raise RefusedError(f"{self._file}: {error}") from None


class Fixed:
    """A token, or key, that somebody made by hand."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    async def token(self) -> str:
        """The token now. Raises RefusedError."""
        return await asyncio.to_thread(self._secret.read)

    def refused(self) -> None:
        """Nothing is kept: the file is read again anyway."""


class ClientCredentials:
    """Tokens by OAuth 2.0 client credentials (RFC 6749, 4.4), fetched anew when expired or refused."""

    def __init__(
        self,
        calling: Calling,
        client_id: str,
        secret: Secret,
        scope: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calling = calling
        self._id = client_id
        self._secret = secret
        self._scope = scope
        self._clock = clock
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """The token now, which may cost a request. Raises CallError."""
        if not self._token or self._clock() >= self._until:
            await self._fetch()
        return self._token

    def refused(self) -> None:
        """Fetch another before the next request: a token may be withdrawn before its time."""
        self._token = ""

    async def _fetch(self) -> None:
        secret = await asyncio.to_thread(self._secret.read)
        form = {"grant_type": "client_credentials", "client_id": self._id, "client_secret": secret}
        try:
            answer = await self._calling.form("", form | ({"scope": self._scope} if self._scope else {}))
        except DeniedError as error:
            raise DeniedError(f"token address: {error.words}") from None
        token, seconds = answer.body.get("access_token"), answer.body.get("expires_in", 600)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise RefusedError("token address: no access_token in the answer")
        lasts = float(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else 600.0
        self._token, self._until = token, self._clock() + max(lasts - EARLY, SHORTEST)
