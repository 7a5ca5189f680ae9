"""Every command with bad input: one plain line on standard error, exit status 2, and never Python's own words."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Never

import pytest

from candor import cli
from candor.cli import OWNERS, main

PYTHONS_OWN = re.compile(r"Traceback|\w+Error\(|\b(Key|Type|Value|Attribute)Error\b|<class|╭")
MADE = '{"id": "e1", "type": "promise.made", "time": "2026-03-01T09:00:00Z", "data": {"promise_id": "p1"}}\n'
BAD = {
    "up": ["up", "--port", "board=9100"],
    "up, a word for a port": ["up", "--port", "kafka=many"],
    "up, two parts": ["up", "--port", "kafka=9100", "--port", "risk-web=9100"],
    "down": ["down", "now"],
    "status": ["status", "--xml"],
    "env": ["env", "--role", "king"],
    "logs": ["logs", "nobody"],
    "logs, since": ["logs", "--since", "yesterday"],
    "doctor": ["doctor", "--process", "mail-svc"],
    "token": ["token", "--role", "king"],
    "replay": ["replay", "missing.jsonl"],
    "replay, broken": ["replay", "broken.jsonl", "--secrets", "secrets.json"],
    "replay, clock": ["replay", "made.jsonl", "--secrets", "secrets.json", "--clock", "soon"],
    "relay": ["relay", "replay", "promise-svc", "--since", "soon"],
    "dlq": ["dlq", "show", "17"],
    "dlq, list": ["dlq", "list", "--limit", "0"],
    "dlq, nothing named": ["dlq", "replay"],
    "audit": ["audit", "export", "--format", "xml"],
    "sessions": ["sessions", "end"],
    "sources": ["sources", "check", "broken.jsonl"],
    "sources, no such": ["sources", "try", "no-such", "made.jsonl"],
    "stuck": ["stuck", "bury", "17"],
    "messages": ["messages", "sent"],
    "partitions": ["partitions", "grow"],
    "partitions, too few": ["partitions", "grow", "1"],
    "partitions, two wishes": ["partitions", "grow", "8", "--give-up"],
    "migrate": ["migrate", "mail-svc"],
    "completion": ["completion", "cmd"],
    "risk": ["risk", "rebuild", "--now"],
    "backtest": ["backtest", "--history", "made.jsonl", "--json"],
    "backtest, events": ["backtest", "--events", "event.jsonl", "--json"],
    "backtest, not JSON": ["backtest", "--events", "broken.jsonl", "--json"],
    "backtest, no file": ["backtest", "--events", "missing.jsonl", "--json"],
    "backtest, nothing": ["backtest"],
    "demo": ["demo", "--day", "2014-13-01"],
    "import": ["import", "missing.jsonl", "--key", "k"],
    "import, no key": ["import", "made.jsonl"],
    "import, broken": ["import", "broken.jsonl", "--key", "k"],
    "import, utf-16": ["import", "utf16.jsonl", "--key", "k"],
    "import, a table": ["import", "orders.csv", "--key", "k"],
    "import, no mapping": ["import", "orders.csv", "--map", "missing.yaml", "--key", "k"],
    "import, wrong mapping": ["import", "orders.csv", "--map", "broken.jsonl", "--key", "k"],
    "import, no table": ["import", "orders.xlsx", "--map"],
    "no such command": ["dance"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "made.jsonl").write_text(MADE)
    (tmp_path / "event.jsonl").write_text(MADE.replace('"data": {"promise_id": "p1"}', '"promise_id": "p1"'))
    (tmp_path / "broken.jsonl").write_text("{half\n")
    (tmp_path / "utf16.jsonl").write_text(MADE, encoding="utf-16")
    for name in ("orders.csv", "orders.xlsx"):
        (tmp_path / name).write_text("order;due\nSO-1;31.12.2026\n")
    (tmp_path / "secrets.json").write_text('{"sources": {"crm": {"secrets": ["whsec_' + "QUFB" * 11 + '"]}}}')
    return tmp_path


def test_every_command_is_tried() -> None:
    assert set(OWNERS) <= {arguments[0] for arguments in BAD.values()}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_plain_line_and_status_2(
    case: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("KEY", "CANDOR_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"CANDOR_HOME": str(folder / "home"), "NO_COLOR": "1", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["candor", *BAD[case]])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 2, said.err
    assert len(said.err.splitlines()) == 1, said.err
    assert PYTHONS_OWN.search(said.out + said.err) is None, said.err
    assert "['" not in said.err


def test_an_error_that_nobody_foresaw_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_name: str) -> Never:
        raise KeyError("customer_id")

    monkeypatch.setattr(cli, "build", broken)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == cli.UNEXPECTED
    said = "candor: unexpected error, 'customer_id' is missing (KeyError): CANDOR_TRACEBACK=1 shows where\n"
    assert capsys.readouterr().err == said
