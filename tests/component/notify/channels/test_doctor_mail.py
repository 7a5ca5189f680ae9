"""What `candor doctor` says of a mail server: a real one, with STARTTLS and passwords, that refuses some step."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from candor.ops.finding import Finding
from candor.ops.secret_files import SecretFile, credential
from notify_svc.channels.email.smtp import Server
from notify_svc.doctor import reached
from tests.support.certificates import Authority

USER, PASSWORD = "candor", "a word of the relay"


class Relay:
    """Takes everything but greetings by a name that is not full, if it is `strict`."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, envelope
        if self._strict and "." not in hostname:
            return ["550 5.7.1 give your full name"]
        session.host_name = hostname
        return responses

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        del server, session, envelope, hostname
        return "550 5.7.1 give your full name"


def knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def relay(authority: Authority | None, *, strict: bool = False) -> AsyncIterator[int]:
    """A mail server that asks for a password, and offers STARTTLS if it has an authority."""
    context = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.sign("relay"))
    loop = asyncio.get_running_loop()
    links: list[asyncio.WriteTransport] = []

    class Link(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            if isinstance(transport, asyncio.WriteTransport):
                links.append(transport)
            super().connection_made(transport)

    def opened() -> SMTP:
        needed = context is not None
        return Link(Relay(strict=strict), tls_context=context, auth_required=needed, authenticator=knows, loop=loop)

    server = await loop.create_server(opened, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        # A handshake that failed leaves its connection open.
        for one in links:
            one.abort()
        # Each ends in the loop's next turn.
        await asyncio.sleep(0)


async def found(port: int, folder: Path, password: str = PASSWORD, **change: Any) -> Finding:
    path = folder / "password"
    path.write_text(password)
    given: dict[str, Any] = {"tls": "starttls", "username": USER, "local_hostname": "us.test"} | change
    return await reached(Server("127.0.0.1", port, password=SecretFile(path, credential), **given))


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


async def test_a_relay_that_takes_everything_is_well(authority: Authority, tmp_path: Path) -> None:
    async with relay(authority) as port:
        said = await found(port, tmp_path)
    assert (said.name, said.ok) == ("mail server", True)
    assert "TLS: starttls, as candor, EHLO us.test" in said.detail


async def test_a_wrong_password_is_a_refused_sign_in_and_is_not_shown(authority: Authority, tmp_path: Path) -> None:
    async with relay(authority) as port:
        said = await found(port, tmp_path, password="another word")
    assert (said.name, said.ok) == ("mail sign-in", False)
    assert "refuses candor" in said.detail
    assert "another word" not in said.detail
    assert "SMTP_PASSWORD_FILE" in said.mend


async def test_a_refused_greeting_names_the_setting_and_what_we_said(authority: Authority, tmp_path: Path) -> None:
    async with relay(authority, strict=True) as port:
        said = await found(port, tmp_path, local_hostname="laptop")
    assert (said.name, said.ok) == ("mail greeting", False)
    assert "refuses EHLO laptop: " in said.detail
    assert "SMTP_EHLO_NAME" in said.mend


async def test_a_relay_without_starttls_is_told_from_one_that_is_not_believed(
    authority: Authority, tmp_path: Path
) -> None:
    async with relay(None) as port:
        without = await found(port, tmp_path)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    async with relay(Authority(stranger)) as port:
        unbelieved = await found(port, tmp_path)
    assert (without.name, without.ok) == ("mail server", False)
    assert "SMTP_TLS is starttls" in without.mend
    assert (unbelieved.name, unbelieved.ok) == ("mail TLS", False)
    assert "certificate" in unbelieved.detail
    assert "SMTP_HOST" in unbelieved.mend
    assert authority.file.exists()


async def test_a_relay_that_wants_tls_first_is_told(authority: Authority, tmp_path: Path) -> None:
    async with relay(authority) as port:
        said = await found(port, tmp_path, tls="none")
    assert (said.name, said.ok) == ("mail server", False)
    assert "SMTP_TLS is none" in said.mend
