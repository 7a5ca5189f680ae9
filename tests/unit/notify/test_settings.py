"""Settings that would make a message unsafe, dishonest or double stop the start."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from candor.contracts import Tolerance
from notify_svc.channels.email.settings import EmailSettings
from notify_svc.domain.facts import Expectation, Rules
from notify_svc.settings import NotifySettings

PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "trusted_hosts": ("notify.internal",),
    "api_keys_file": Path("keys.json"),
    "mail_sender": "promises@company.test",
    "smtp_tls": "starttls",
    "smtp_host": "mail.company.test",
}


def test_the_defaults_are_the_definitions() -> None:
    settings = NotifySettings()
    # Whether letters are joint is a deployment's choice; by itself each message goes alone.
    assert settings.rules() == Rules(joint_most=10, joint_wait=timedelta(seconds=5))
    assert (settings.warn_at, settings.clear_at, settings.hold_minutes) == (0.7, 0.3, 5)
    assert settings.port == 8105


def test_rules_come_from_settings() -> None:
    rules = NotifySettings(warn_at=0.8, hold_minutes=10, update_max_minutes=600).rules()
    assert (rules.warn_at, rules.hold, rules.update_max) == (0.8, timedelta(minutes=10), timedelta(hours=10))
    rules = NotifySettings(owner_wait_minutes=0, owner_daily_cap=7).rules()
    assert (rules.owner_wait, rules.owner_daily_cap) == (timedelta(0), 7)


def test_tiers_say_how_their_customers_want_to_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERS", '{"key": {"tolerance": "low", "ahead_hours": 72}, "*": {"pace_hours": 24}}')
    key = Expectation("", Tolerance.LOW, timedelta(hours=72))
    assert NotifySettings().rules().tiers == {"key": key, "*": Expectation(pace=timedelta(hours=24))}


@pytest.mark.parametrize(
    "tiers",
    [
        "key",
        "[]",
        '{"key": {"tolerance": "endless"}}',
        '{"key": {"pace": 24}}',
        '{"key": {"pace_hours": 0}}',
        '{"key": {}, "KEY": {}}',
    ],
)
def test_a_mistake_in_tiers_is_named(tiers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERS", tiers)
    with pytest.raises(ValidationError, match="tiers"):
        NotifySettings()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"clear_at": 0.7}, "CLEAR_AT"),
        ({"owner_wait_minutes": 55, "update_min_minutes": 60}, "OWNER_WAIT_MINUTES"),
        ({"update_early_minutes": 50}, "UPDATE_EARLY_MINUTES"),
    ],
)
def test_a_mistake_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        NotifySettings(**changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"claim_seconds": 60, "smtp_data_seconds": 60}, "CLAIM_SECONDS .* by email"),
        ({"smtp_port": 0}, "SMTP_PORT"),
        ({"mail_sender": "x\r\nBcc: y@evil.test"}, "MAIL_SENDER"),
        ({"mail_sender_name": "Ex\u202eample"}, "MAIL_SENDER_NAME"),
        ({**PRODUCTION, "mail_sender": "promises@candor.example"}, "placeholder"),
        ({**PRODUCTION, "smtp_tls": "none"}, "SMTP_TLS"),
    ],
)
def test_a_mistake_of_a_channel_is_named_when_it_is_built(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        NotifySettings(**changes).channels()


def test_channels_have_settings_of_their_own_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_DATA_SECONDS", "7")
    assert NotifySettings().channels()["email"].final_seconds == 7


def test_production_with_encryption_starts() -> None:
    assert list(NotifySettings(**PRODUCTION).channels()) == ["email"]
    assert NotifySettings(**{**PRODUCTION, "smtp_tls": "none", "smtp_host": "127.0.0.1"}).channels()


def test_the_mail_password_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "smtp"
    file.write_text("v3ry-l0ng-and-r4ndom-enough-to-serve-here\n")
    server = EmailSettings(smtp_username="u", smtp_password_file=file).server()
    assert server.password is not None
    assert (server.username, server.password.get()) == ("u", "v3ry-l0ng-and-r4ndom-enough-to-serve-here")


def test_the_brief_goes_to_plain_addresses_and_its_links_lead_somewhere() -> None:
    given = {"brief_recipients": '{"*": ["Boss@b\u00fccher.example"]}', "board_url": "https://candor.example.com/tools"}
    assert NotifySettings(**given).brief_recipients == {"*": ("Boss@xn--bcher-kva.example",)}  # type: ignore[arg-type]
    assert NotifySettings(brief_recipients="").brief_recipients == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"brief_recipients": '["boss@example.com"]'},
        {"brief_recipients": '{"*": "boss@example.com"}'},
        {"brief_recipients": '{"*": ["nobody"]}'},
        {"brief_recipients": '{"*": ["boss@example.com"]}', "board_url": ""},
        {"brief_recipients": {"*": [f"a{number}@example.com" for number in range(501)]}},
        {"board_url": "candor.example.com"},
        {"board_url": "https://candor.example.com/?a=b"},
        {**PRODUCTION, "board_url": "http://candor.example.com"},
    ],
)
def test_other_recipients_stop_the_process(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"(?i)brief_recipients|board_url"):
        NotifySettings(**{"board_url": "https://candor.example.com", **wrong})


def test_the_customers_page_has_a_host_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "page.key"
    file.write_text("0123456789abcdef" * 4)
    page: dict[str, Any] = {"page_url": "https://Promises.example.com:8443/", "page_secret_file": file}
    settings = NotifySettings(**page)
    assert settings.own_host == ("promises.example.com:8443", "/p/")
    assert settings.own_host.names == ("promises.example.com",)
    secrets = settings.page_secrets()
    assert secrets is not None and secrets.get() == ["0123456789abcdef" * 4]
    assert NotifySettings().own_host.names == () and NotifySettings().page_secrets() is None
    assert NotifySettings(page_secret_file=file).page_secrets() is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"page_secret_file": None},
        {"page_url": "promises.example.com"},
        {"page_url": "https://promises.example.com/candor"},
        {"public_url": "https://promises.example.com:444/notify"},
        {"board_url": "http://promises.example.com"},
        {**PRODUCTION, "page_url": "http://promises.example.com"},
    ],
)
def test_a_page_that_is_not_apart_or_without_secrets_stops_the_process(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"page_url": "https://promises.example.com", "page_secret_file": Path("page.key")}
    with pytest.raises(ValidationError, match=r"(?i)page_url"):
        NotifySettings(**{**given, **wrong})


def test_joint_letters_can_be_turned_off_and_have_a_most() -> None:
    alone = NotifySettings(joint_most=1, joint_seconds=0).rules()
    assert (alone.joint_most, alone.joint_wait) == (1, timedelta(0))
    wrong: list[dict[str, Any]] = [
        {"joint_most": 0},
        {"joint_most": 51},
        {"joint_seconds": 3_601},
        {"joint_seconds": -1},
    ]
    for one in wrong:
        with pytest.raises(ValidationError):
            NotifySettings(**one)
