"""How the e-mail channel introduces itself, and what it takes of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from notify_svc.channels.email.settings import EmailSettings, own_name


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        ("mail-7.ops.example.com", "mail-7.ops.example.com"),
        ("localhost", "company.test"),
        ("localhost.localdomain", "company.test"),
        ("7f3a9c", "company.test"),
        ("ip6-loopback", "company.test"),
        ("10.0.0.7", "company.test"),
    ],
)
def test_a_relay_is_told_a_full_name(machine: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getfqdn", lambda: machine)
    assert own_name("company.test") == said


def test_the_name_and_a_short_password_are_settings(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("abcdefghijklmnop\n")
    server = EmailSettings(
        mail_sender="us@company.test", smtp_password_file=path, smtp_ehlo_name="mx.company.test"
    ).server()
    assert server.password is not None
    assert (server.password.get(), server.local_hostname) == ("abcdefghijklmnop", "mx.company.test")
