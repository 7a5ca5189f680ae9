"""Every process in production, started by `python -m` with one mistake: one line says which, and status 2."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from candor.local.stack import SERVICES
from tests.support.api import Keys, event_keys
from tests.support.starting import ended

pytestmark = pytest.mark.long

MODULES = {service.name: service.module for service in SERVICES}
MISTAKES = {
    "no keys": ({"API_KEYS_FILE": ""}, "API_KEYS_FILE is missing"),
    "a clock": (
        {"CLOCK": "2013-03-07T17:00:00Z@1300", "CLOCK_ORIGIN": "2026-11-22T12:00:00Z"},
        "CLOCK replays history",
    ),
    "placeholder": ({"DATABASE_URL": "postgresql://candor:changeme@127.0.0.1:1/"}, "placeholder password"),
    "no hosts": ({"TRUSTED_HOSTS": ""}, "TRUSTED_HOSTS"),
    "no TLS": ({"PUBLIC_URL": "http://candor.example"}, "PUBLIC_URL must start with https"),
}


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing is wrong but that nobody is reached; no setting of the test run leaks in."""
    keys = Keys(tmp_path)
    files = {name.upper(): str(path) for name, path in keys.write().items()}
    private, session, client = tmp_path / "private", tmp_path / "session", tmp_path / "client"
    private.write_bytes(base64.b64encode(bytes(keys.private)))
    session.write_text("4f9c1e07b2d85a6633c0e1f7a98d24b5")
    client.write_text("Zq8.short")
    return {
        "PATH": os.environ.get("PATH", ""),
        "ENVIRONMENT": "production",
        "PORT": "0",
        "TRUSTED_HOSTS": "candor.example",
        "DATABASE_URL": "postgresql://candor:7hUq-Wz91kLm@127.0.0.1:1/",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "CONTACT_PRIVATE_KEY_FILE": str(private),
        "SESSION_SECRET_FILE": str(session),
        "PUBLIC_URL": "https://board.candor.example",
        "OIDC_ISSUER": "https://login.candor.example",
        "OIDC_CLIENT_ID": "candor",
        "OIDC_CLIENT_SECRET_FILE": str(client),
        "MAIL_SENDER": "promises@candor.test",
        "SMTP_TLS": "starttls",
        **files,
    }


async def refusal(process: str, *environments: dict[str, str]) -> list[str]:
    """The one line of each start."""
    found = await ended(MODULES[process], environments)
    assert [(status, len(lines)) for status, lines in found] == [(2, 1)] * len(environments), found
    return [line for _, [line] in found]


@pytest.mark.parametrize("process", MODULES)
async def test_each_mistake_alone_keeps_it_from_starting(process: str, production: dict[str, str]) -> None:
    found = await refusal(process, *(production | wrong for wrong, _ in MISTAKES.values()))
    for line, (_, said) in zip(found, MISTAKES.values(), strict=True):
        assert said in line
        assert "changeme" not in line


async def test_the_board_needs_sign_in_of_a_company(production: dict[str, str]) -> None:
    needed = (
        "OIDC_ISSUER",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET_FILE",
        "OIDC_ROLES_CLAIM",
        "PUBLIC_URL",
        "SESSION_SECRET_FILE",
    )
    found = await refusal("risk-web", *(production | {missing: ""} for missing in needed))
    for missing, line in zip(needed, found, strict=True):
        assert missing in line


async def test_a_provider_without_tls_is_refused(production: dict[str, str]) -> None:
    [line] = await refusal("risk-web", production | {"OIDC_ISSUER": "http://login.candor.example"})
    assert "OIDC_ISSUER must be an address with https://" in line


async def test_a_placeholder_for_the_session_secret_is_refused(production: dict[str, str], tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.write_text("changeme-changeme-changeme-changeme")
    [line] = await refusal("risk-web", production | {"SESSION_SECRET_FILE": str(left)})
    assert "placeholder" in line
    assert "changeme-" not in line


@pytest.mark.parametrize(
    ("process", "setting"),
    [("promise-svc", "CONTACT_PUBLIC_KEY_FILE"), ("notify-svc", "CONTACT_PRIVATE_KEY_FILE")],
)
async def test_who_seals_and_who_opens_needs_its_key(process: str, setting: str, production: dict[str, str]) -> None:
    [line] = await refusal(process, production | {setting: ""})
    assert setting in line


@pytest.mark.parametrize("process", ["promise-svc", "delivery-svc"])
async def test_who_keeps_requests_needs_what_seals_them(
    process: str, production: dict[str, str], tmp_path: Path
) -> None:
    signed = {name.upper(): str(path) for name, path in event_keys(tmp_path).items()}
    [line] = await refusal(process, production | signed)
    assert "REQUEST_KEY_FILE is missing: what senders sent could not be kept sealed" in line
