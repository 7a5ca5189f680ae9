"""The configuration reference has every setting, with a meaning and an example that works."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from bench import capacity
from candor.ops.loading import example, meaning
from candor.ops.settings import Settings
from notify_svc.channels.registry import registered
from risk_svc.domain.components import COMPONENTS
from tools import settings_reference as reference

ROOT = Path(__file__).parents[3]
CHANNELS: dict[str, type[BaseSettings]] = {name: one.settings for name, one in registered().items()}
KINDS: dict[str, type[BaseSettings]] = {**reference.PROCESSES, **CHANNELS}


def own_fields(kind: type[BaseSettings]) -> list[str]:
    """What a class adds, or says anew; all of what `risk-svc` has is said by the class of its role `web`."""
    return [field for field in kind.__annotations__ if field in kind.model_fields]


FIELDS = [
    *(("promise-svc", field) for field in Settings.model_fields),
    *((name, field) for name, kind in KINDS.items() for field in own_fields(kind)),
]


def test_the_page_is_what_the_classes_say() -> None:
    written = (ROOT / "docs/operations/configuration.md").read_text()
    assert written == reference.page(), "run: python -m tools.settings_reference > docs/operations/configuration.md"


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_every_setting_has_a_meaning_and_an_example(kind: str, field: str) -> None:
    found = KINDS[kind].model_fields[field]
    assert meaning(found).endswith(".")
    assert example(found)


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_every_example_is_accepted(kind: str, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = example(KINDS[kind].model_fields[field])
    if field == "service":
        given = str(KINDS[kind].model_fields[field].default)
    for name, value in COMPANIONS.get(field, {}).items():
        monkeypatch.setenv(name, value)
    if field == "environment":
        # All that production needs beside it is the subject of other tests.
        given = "development"
    monkeypatch.setenv(field.upper(), given)
    assert getattr(KINDS[kind](), field) is not None


def test_what_only_the_board_signs_in_with_is_of_the_board_alone() -> None:
    board = [field for field in Settings.model_fields if field.startswith(("oidc_", "session_"))]
    assert {field: reference.USED_BY.get(field) for field in board} == dict.fromkeys(board, reference.BOARD)


SASL = {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "risk"}
SASL |= {"KAFKA_SASL_PASSWORD_FILE": "/run/password"}
TLS = {"KAFKA_SECURITY_PROTOCOL": "SSL"}
PAIR = TLS | {"KAFKA_SSL_CERTIFICATE_FILE": "/run/user.crt", "KAFKA_SSL_KEY_FILE": "/run/user.key"}
COMPANIONS = {
    "page_url": {"PAGE_SECRET_FILE": "/run/page.key"},
    "brief_recipients": {"BOARD_URL": "https://candor.example.com"},
    "kafka_security_protocol": SASL,
    "kafka_sasl_mechanism": SASL,
    "kafka_sasl_username": SASL,
    "kafka_sasl_password_file": SASL,
    "kafka_sasl_token_command": {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "OAUTHBEARER"},
    "kafka_ssl_ca_file": TLS,
    "kafka_ssl_certificate_file": PAIR,
    "kafka_ssl_key_file": PAIR,
    "kafka_ssl_key_password_file": PAIR,
    "clock": {"CLOCK_ORIGIN": "2026-11-22T12:00:00Z"},
    "holidays": {"BUSINESS_HOURS": "mon-fri 09:00-17:00"},
}
"""Settings that an example works only together with."""


def test_every_variable_that_code_reads_is_listed() -> None:
    known = {field.upper() for _, field in FIELDS} | set(reference.OTHERS)
    known |= {name.upper() for one in COMPONENTS for name in one.__dataclass_fields__}
    read = reference.variables(ROOT, ("services", "shared", "demo", "bench", "tools"))
    assert "CANDOR_HOME" in read
    assert read - known == set()


def test_the_capacity_page_is_what_was_measured() -> None:
    written = (ROOT / "docs/operations/capacity.md").read_text()
    assert written == capacity.page(), "run: python -m bench.capacity > docs/operations/capacity.md"
