"""What every Kafka client is made with: the brokers, TLS, and who we are."""

from __future__ import annotations

import asyncio
import base64
import json
import shlex
import ssl
import time
from pathlib import Path
from typing import Any, Final

import structlog
from aiokafka.abc import AbstractTokenProvider

from candor.ops.kafka_settings import TLS, KafkaSettings
from candor.ops.settings import read_credential

COMMAND_SECONDS: Final = 20.0
EARLY_SECONDS: Final = 60.0
"""How long before a token's end the next one is asked for."""
UNDATED_SECONDS: Final = 300.0
"""How long a token counts that does not say when it ends."""
log = structlog.get_logger("candor.messaging")


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments that every aiokafka client takes. Raises ValueError if a file cannot be read or used."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol in TLS:
        options["ssl_context"] = _tls(settings)
    if settings.kafka_sasl_mechanism:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
    if settings.kafka_sasl_mechanism == "OAUTHBEARER":
        options["sasl_oauth_token_provider"] = TokenCommand(settings.kafka_sasl_token_command)
    elif settings.kafka_sasl_mechanism:
        options["sasl_plain_username"] = settings.kafka_sasl_username
        options["sasl_plain_password"] = _line(settings.kafka_sasl_password_file or Path(), "KAFKA_SASL_PASSWORD_FILE")
    return options


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    """The TLS context: the broker's certificate and name are always verified."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"KAFKA_SSL_CA_FILE {settings.kafka_ssl_ca_file}: {_reason(error)}") from None
    if settings.kafka_ssl_certificate_file is not None:
        asked = settings.kafka_ssl_key_password_file
        # Without a password OpenSSL would ask for one on a terminal, and the process would hang.
        password = _line(asked, "KAFKA_SSL_KEY_PASSWORD_FILE") if asked else ""
        try:
            context.load_cert_chain(settings.kafka_ssl_certificate_file, settings.kafka_ssl_key_file, lambda: password)
        except (OSError, ssl.SSLError) as error:
            name = f"KAFKA_SSL_CERTIFICATE_FILE {settings.kafka_ssl_certificate_file} with KAFKA_SSL_KEY_FILE"
            raise ValueError(f"{name}: {_reason(error)}") from None
    return context


def _line(path: Path, name: str) -> str:
    try:
        return read_credential(path)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__


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
        asking = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
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
