"""`candor logs`: the lines of all processes in order of time, those of one, from a time on, from a level on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from candor.escaping import shows
from candor.installation.folder import Folder
from tests.support.servers import own_folder

OURS = '{"time":"2026-11-28T12:00:0%s+00:00","level":"%s","service":"promise-svc","event":"%s","kept":3}\n'
KAFKA = "[2026-11-28 12:00:02,500] WARN Disk is slow (kafka.log.LogManager)\njava.io.IOException: slow\n"
POSTGRES = "2026-11-28 12:00:04.250 GMT [71] ERROR:  relation is missing\n"


@pytest.fixture
def folder() -> Iterator[Folder]:
    with own_folder("logs") as made:
        lines = [OURS % (1, "info", "started"), OURS % (3, "error", "broken"), OURS % (5, "info", "stopped")]
        (made.logs / "promise-svc.log").write_text("".join(lines))
        (made.logs / "kafka.log").write_text(KAFKA)
        (made.logs / "postgres.log").write_text(POSTGRES)
        yield made


def started(folder: Folder, *arguments: str) -> subprocess.Popen[str]:
    env = {**os.environ, "CANDOR_HOME": str(folder.root), "TZ": "UTC"}
    command = [sys.executable, "-u", "-m", "candor.cli", "logs", *arguments]
    # A run of the tests in the background passes on that it ignores Ctrl-C, and nobody in a terminal does.
    command = ["env", "--default-signal=INT", *command]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def logs(folder: Folder, *arguments: str) -> list[str]:
    with started(folder, *arguments) as asked:
        out, _ = asked.communicate(timeout=60)
    assert asked.returncode == 0
    return out.splitlines()


def test_all_processes_are_shown_in_order_of_time(folder: Folder) -> None:
    assert [line.split()[0] for line in logs(folder)] == [
        "promise-svc",
        "kafka",
        "kafka",
        "promise-svc",
        "postgres",
        "promise-svc",
    ]
    assert logs(folder, "promise-svc")[0] == "promise-svc   12:00:01.000 info     started kept=3"


def test_a_level_leaves_out_what_is_below_and_keeps_what_belongs_to_a_line(folder: Folder) -> None:
    assert [line.split()[0] for line in logs(folder, "--level", "warning")] == [
        "kafka",
        "kafka",
        "promise-svc",
        "postgres",
    ]


def test_since_and_json(folder: Folder) -> None:
    found = [json.loads(line) for line in logs(folder, "--since", "2026-11-28T12:00:04Z", "--json")]
    assert [line["process"] for line in found] == ["postgres", "promise-svc"]
    assert (found[0]["event"], found[1]["event"]) == (POSTGRES.strip(), "stopped")
    assert logs(folder, "--since", "1s") == []


def test_what_strangers_sent_neither_steers_the_terminal_nor_begins_a_line(folder: Folder) -> None:
    hostile = "/\x1b[2J\x9b\u202e\nFAKE\u2028FAKE\x85FAKE"
    log = folder.logs / "promise-svc.log"
    ours = {
        "time": "2026-11-28T12:00:01+00:00",
        "level": "info",
        "event": "asked",
        "path": hostile,
        "exception": hostile,
    }
    log.write_text(json.dumps(ours, ensure_ascii=False) + f"\nplain {hostile}\n", encoding="utf-8")
    told, below, fake, plain, rest = logs(folder, "promise-svc")
    written = r"/\x1b[2J\x9b\u202e"
    assert told == rf"promise-svc   12:00:01.000 info     asked path={written}\nFAKE\u2028FAKE\x85FAKE"
    assert (below, fake) == (f"{'':13} {written}", rf"{'':13} FAKE\u2028FAKE\x85FAKE")
    assert (plain, rest) == (f"promise-svc   plain {written}", r"promise-svc   FAKE\u2028FAKE\x85FAKE")
    said = logs(folder, "promise-svc", "--json")
    assert json.loads(said[0])["path"] == hostile
    assert all(map(shows, "".join(said)))


def test_follow_shows_new_lines_of_new_files_and_ends_with_ctrl_c(folder: Folder) -> None:
    with started(folder, "--follow") as asked:
        assert asked.stdout is not None
        assert [asked.stdout.readline().split()[0] for _ in range(6)][-1] == "promise-svc"
        new: Path = folder.logs / "notify-svc.log"
        new.write_text(OURS % (6, "info", "hello") + '{"half')
        assert "hello" in asked.stdout.readline()
        with new.open("a") as log:
            log.write(' a line"}\n')
        assert '{"half a line"}' in asked.stdout.readline()
        asked.send_signal(signal.SIGINT)
    assert asked.returncode == 0
