"""Whatever a setting is given: settings that work, or one line that names it, says why and shows how; no traceback."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from candor.ops.loading import load, one_line, refuse_unreadable_files
from candor.ops.settings import Settings
from notify_svc.channels.email.settings import EmailSettings
from notify_svc.settings import NotifySettings
from promise_svc.settings import PromiseSettings
from tools.settings_reference import PROCESSES

HOSTILE = (
    *("", " ", "0", "-1", "-0.0", "1e-320", "1e308", "1e400", "inf", "-inf", "nan", "9" * 5000, "0x10", "1_000", "٣"),
    *(
        "true",
        "null",
        "[]",
        "{}",
        "[[[",
        "plain text",
        "a,b,,c",
        ",",
        "=",
        "\n",
        "\r\nX: y",
        "💥",
        "../..",
        "/",
        "/dev",
    ),
    *("http://", "https://", "://", "postgresql://", "postgresql://h:99999/", "postgresql://[::1/", "x" * 10_000),
    *("2013-03-07@x", "2013-03-07T17:00:00Z@nan", "0001-01-01@1", "kafka:0", "[::1]:9092", '{"lateness": NaN}'),
)
ENDS = re.compile(r"such as|for example| like |=|: set|must|above|below|needs|are: |belong together")
CASES = [("promise-svc", field) for field in Settings.model_fields]
CASES += [
    (name, field) for name, kind in PROCESSES.items() for field in kind.__annotations__ if field != "model_config"
]
CASES += [("notify-svc", field) for field in EmailSettings.model_fields if field not in Settings.model_fields]
CASES += [("risk-svc worker", field) for field in ("missed_step", "silence_hours")]
TOO_SHORT_A_CLAIM = "CLAIM_SECONDS must be longer"
"""Said of the channel's time limits as well: which of the two is wrong only the operator knows."""


def use(settings: Settings) -> None:
    """Everything that a start makes of its settings before it opens a connection."""
    refuse_unreadable_files(settings)
    _ = settings.database, settings.calendar, settings.business_clock().now()
    if isinstance(settings, NotifySettings):
        _ = settings.rules(), settings.houses(), settings.patience()
        try:
            settings.channels()
        except ValueError as error:
            print(f"settings: {one_line(str(error))}", file=sys.stderr)
            raise SystemExit(2) from None


@pytest.mark.parametrize(("process", "field"), CASES)
def test_a_hostile_value_is_a_start_or_a_line(
    process: str, field: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in HOSTILE:
        monkeypatch.setenv(field.upper(), value)
        try:
            use(load(PROCESSES[process]))
        except SystemExit as stopped:
            assert stopped.code == 2
            lines = capsys.readouterr().err.splitlines()
            assert len(lines) == 1, (value, lines)
            assert lines[0].startswith("settings: "), (value, lines)
            assert field.upper() in lines[0] or field in lines[0] or TOO_SHORT_A_CLAIM in lines[0], (value, lines)
            assert ENDS.search(lines[0]), (value, lines)
            assert len(lines[0]) < 1000, value


@pytest.mark.parametrize("process", sorted(PROCESSES))
@pytest.mark.parametrize(("field", "value"), [("port", "70000"), ("port", "-1"), ("service", "No Such"), ("host", "")])
def test_a_subclass_keeps_the_limits_of_its_base(
    process: str, field: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(field.upper(), value)
    with pytest.raises(SystemExit):
        load(PROCESSES[process])
    assert capsys.readouterr().err.startswith(f"settings: {field.upper()}: ")


@pytest.mark.parametrize(
    ("process", "given", "said"),
    [
        ("risk-svc learner", {"QUIET_SECONDS": "60"}, "STRAGGLER_SECONDS must be above QUIET_SECONDS"),
        ("notify-svc", {"UPDATE_MAX_MINUTES": "59"}, "UPDATE_MAX_MINUTES must be at least UPDATE_MIN_MINUTES"),
        ("notify-svc", {"CLEAR_AT": "0.7"}, "CLEAR_AT must be below WARN_AT"),
        ("notify-svc", {"OWNER_WAIT_MINUTES": "60"}, "together must be below UPDATE_MIN_MINUTES"),
        ("promise-svc", {"HOLIDAYS": "DE"}, "set BUSINESS_HOURS"),
        ("promise-svc", {"PORT": "eighty"}, "for example PORT=8080"),
    ],
)
def test_what_cannot_hold_together_is_one_line(
    process: str,
    given: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        load(PROCESSES[process])
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = tmp_path / "keys.json"
    here.write_text("{}")
    url = f"postgresql://db/?sslmode=verify-full&sslrootcert={tmp_path}/none.crt"
    given = PromiseSettings(
        api_keys_file=here, webhook_secrets_file=tmp_path, session_secret_file=tmp_path / "gone", database_url=url
    )
    with pytest.raises(SystemExit) as stopped:
        refuse_unreadable_files(given)
    assert stopped.value.code == 2
    said = [line.split(":")[1].strip() for line in capsys.readouterr().err.splitlines()]
    assert said == ["WEBHOOK_SECRETS_FILE", "SESSION_SECRET_FILE", "DATABASE_URL"]
