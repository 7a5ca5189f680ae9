"""What every Kafka client is made with: the brokers, TLS, and who we are."""

from __future__ import annotations

import asyncio
import base64
import json
import shlex
import ssl
import time
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient

from candor.messaging.fetching import FetchingClient, Followed
from candor.ops.kafka_secrets import NewestContext
from candor.ops.kafka_settings import TLS, KafkaSettings
from candor.ops.secret_files import SecretFile

COMMAND_SECONDS: Final = 20.0
EARLY_SECONDS: Final = 60.0
"""How long before a token's end the next one is asked for."""
UNDATED_SECONDS: Final = 300.0
"""How long a token counts that does not say when it ends."""
log = structlog.get_logger("candor.messaging")


class Link:
    """Makes every aiokafka client of a process; each new connection of each proves who we are by the files of then.

    Raises ValueError if a file cannot be read or used.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        secrets = settings.kafka_secrets
        self.servers = settings.kafka_bootstrap_servers
        self.tls: ssl.SSLContext | None = None
        self.tokens: TokenCommand | None = None
        self._password = secrets.password
        self._options: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "security_protocol": settings.kafka_security_protocol,
        }
        if settings.kafka_security_protocol in TLS:
            self.tls = NewestContext.of(secrets.tls) if secrets.tls else ssl.create_default_context()
            self._options["ssl_context"] = self.tls
        if settings.kafka_sasl_mechanism:
            self._options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        if settings.kafka_sasl_mechanism == "OAUTHBEARER":
            self.tokens = TokenCommand(settings.kafka_sasl_token_command)
            self._options["sasl_oauth_token_provider"] = self.tokens
        elif self._password is not None:
            self._options["sasl_plain_username"] = settings.kafka_sasl_username
            self._options["sasl_plain_password"] = self._password.get()

    def client(self, **more: Any) -> AIOKafkaClient:
        """Return a bare client."""
        return self._renewed(AIOKafkaClient(**self._options, **more))

    def consumer(self, followed: Followed | None = None, **more: Any) -> AIOKafkaConsumer:
        """Return a consumer; `followed` is what it reads, where the caller keeps that."""
        made = AIOKafkaConsumer(**self._options, **more)
        client = self._renewed(getattr(made, "_client", None))
        if type(client) is AIOKafkaClient:
            client.__class__ = FetchingClient
        if isinstance(client, FetchingClient):
            client.followed = followed
        return made

    def producer(self, **more: Any) -> AIOKafkaProducer:
        """Return a producer."""
        made = AIOKafkaProducer(**self._options, **more)
        self._renewed(getattr(made, "client", None))
        return made

    def admin(self, **more: Any) -> AIOKafkaAdminClient:
        """Return an administrator's client."""
        made = AIOKafkaAdminClient(**self._options, **more)
        self._renewed(getattr(made, "_client", None))
        return made

    def _renewed(self, client: Any) -> Any:
        # A later aiokafka that keeps its client elsewhere keeps the password of the start; a test fails then.
        if self._password is not None and type(client) is AIOKafkaClient:
            client.password_file = self._password
            client.__class__ = RenewedClient
        return client


class RenewedClient(FetchingClient):
    """aiokafka's client, whose every new connection signs in with the password that is in the file by then."""

    password_file: SecretFile[str]

    @property
    def _sasl_plain_password(self) -> str:
        return self.password_file.get()


class TokenCommand(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens for OAUTHBEARER, printed by a command; one is kept until shortly before it ends."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)
        self._lock = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """Return a token that is still valid. Raises OSError if the command fails, which counts as Kafka away."""
        async with self._lock:
            if time.time() >= self._until:
                self._token = await self._ask()
                self._until = ends(self._token, time.time()) - EARLY_SECONDS
            return self._token

    async def _ask(self) -> str:
        try:
            asking = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise OSError(f"KAFKA_SASL_TOKEN_COMMAND {self._command[0]} cannot be run: {error.strerror}") from error
        try:
            out, said = await asyncio.wait_for(asking.communicate(), COMMAND_SECONDS)
        except TimeoutError:
            asking.kill()
            await asking.wait()
            raise OSError(f"KAFKA_SASL_TOKEN_COMMAND printed no token within {COMMAND_SECONDS:g} s") from None
        token = out.decode("ascii", "replace").strip()
        if asking.returncode or not token or any(one.isspace() for one in token):
            log.error("no token for Kafka", status=asking.returncode, said=said.decode("utf-8", "replace")[-300:])
            raise OSError(f"KAFKA_SASL_TOKEN_COMMAND ended with status {asking.returncode} and printed no token")
        return token


def ends(token: str, now: float) -> float:
    """When a token ends, in Unix seconds: its claim `exp` if it is a JWT, else UNDATED_SECONDS from now."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return float(claims["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return now + UNDATED_SECONDS
