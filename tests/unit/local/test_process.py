"""Starting, watching, stopping and mending processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from candor.errors import OperatorError, explain_os_error, require_disk
from candor.installation.processes import note_process, recorded_process
from candor.local.process import ManagedProcess, mend_all

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


def process(folder: Path, name: str = "part") -> ManagedProcess:
    return ManagedProcess(name, folder / f"{name}.json", folder / f"{name}.log")


def up(part: ManagedProcess) -> ManagedProcess:
    part.wait_until(lambda: "up" in part.log.read_text(), 30)
    return part


def test_it_runs_until_it_is_stopped_and_leaves_no_record(tmp_path: Path) -> None:
    part = process(tmp_path)
    part.start(SLEEP)
    assert up(part).running
    assert recorded_process(part.record) == psutil.Process(part.pid)
    assert part.stop() == -signal.SIGTERM
    assert not part.running
    assert not part.record.exists()


def test_one_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    part = process(tmp_path)
    part.start(STUBBORN)
    assert up(part).stop(grace=0.1) == -signal.SIGKILL


def test_one_that_ends_while_starting_says_its_last_words(tmp_path: Path) -> None:
    part = process(tmp_path)
    part.start([sys.executable, "-c", "raise SystemExit('no such topic')"])
    with pytest.raises(OperatorError, match="part stopped while starting: no such topic"):
        part.wait_until(lambda: False, 30)


JAVA = """java.lang.RuntimeException: not started
\tat kafka.server.BrokerServer.startup(BrokerServer.scala:512)
Caused by: java.net.BindException: Address already in use
\tat java.base/sun.nio.ch.Net.bind0(Native Method)
\t... 18 more
"""


def test_the_last_words_of_java_are_its_reason_and_not_the_end_of_its_trace(tmp_path: Path) -> None:
    part = process(tmp_path)
    part.start([sys.executable, "-c", f"print({JAVA!r})"])
    with pytest.raises(OperatorError, match=r"stopped while starting: Caused by: java.net.BindException: Address"):
        part.wait_until(lambda: False, 30)


def test_a_full_disk_in_its_log_is_said_as_such(tmp_path: Path) -> None:
    part = process(tmp_path)
    part.start([sys.executable, "-c", "print('java.io.IOException: No space left on device\\nat java.io')"])
    with pytest.raises(OperatorError, match=r"the disk that holds .* is full \(\d+ MiB left\): free some space"):
        part.wait_until(lambda: False, 30)


def test_what_was_never_started_has_no_pid_and_stops_quietly(tmp_path: Path) -> None:
    part = process(tmp_path)
    assert part.stop() is None
    part.kill()
    with pytest.raises(OperatorError, match="part is not started"):
        _ = part.pid


def test_settings_of_other_programs_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hush")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1g")
    part = process(tmp_path)
    part.start([sys.executable, "-c", "import os; print(sorted(os.environ))"], env={"MINE": "1"})
    part.wait_until(lambda: "]" in part.log.read_text(), 30)
    assert "PGPASSWORD" not in part.log.read_text()
    assert "JAVA_TOOL_OPTIONS" not in part.log.read_text()
    assert "'MINE'" in part.log.read_text()
    part.stop()


def test_an_orphan_of_a_killed_run_is_stopped_and_said(tmp_path: Path) -> None:
    earlier, later, said = process(tmp_path), process(tmp_path), list[str]()
    earlier.start(SLEEP)
    assert later.mend(said.append)
    assert said == [f"an earlier run was killed and left part (process {earlier.pid}) behind: stopping it"]
    assert not earlier.running
    assert not later.record.exists()
    assert not later.mend(said.append)


def test_all_orphans_are_said_in_one_line(tmp_path: Path) -> None:
    names, said = ("kafka", "mailbox", "risk-web"), list[str]()
    every = [ManagedProcess(name, tmp_path / f"{name}.json", tmp_path / f"{name}.log") for name in names]
    for one in every[:2]:
        one.start(SLEEP)
    assert mend_all(every, said.append)
    left = f"kafka (process {every[0].pid}), mailbox (process {every[1].pid})"
    assert said == [f"an earlier run was killed and left {left} behind: stopping them"]
    assert [one.running for one in every] == [False] * 3
    assert list(tmp_path.glob("*.json")) == []


def test_what_cannot_be_written_down_does_not_run(tmp_path: Path) -> None:
    part = ManagedProcess("part", tmp_path / "missing" / "part.json", tmp_path / "part.log")
    with pytest.raises(OperatorError, match="cannot write"):
        part.start(SLEEP)
    assert not part.running


def test_a_record_is_whole_whenever_it_is_read(tmp_path: Path) -> None:
    record = tmp_path / "part.json"

    def write(times: int) -> None:
        for _ in range(times):
            note_process(record, os.getpid())

    write(1)
    with ThreadPoolExecutor(1) as beside:
        writing = beside.submit(write, 300)
        while not writing.done():
            assert json.loads(record.read_text())["pid"] == os.getpid()
    assert [path.name for path in tmp_path.iterdir()] == ["part.json"]


def test_another_process_with_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL)
    try:
        record = tmp_path / "part.json"
        note_process(record, other.pid)
        entry = json.loads(record.read_text())
        record.write_text(json.dumps({**entry, "started": entry["started"] - 60}))
        assert recorded_process(record) is None
        assert not process(tmp_path).mend()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x", "started": 1}', '{"pid": -1, "started": 1}'])
def test_a_record_that_cannot_be_read_names_no_process(tmp_path: Path, text: str) -> None:
    (tmp_path / "part.json").write_text(text)
    assert recorded_process(tmp_path / "part.json") is None


def test_a_big_log_is_turned_over(tmp_path: Path) -> None:
    part = process(tmp_path)
    part.log.write_bytes(b"x" * (17 * 1024 * 1024))
    part.start(SLEEP)
    assert part.log.stat().st_size < 1000
    assert (tmp_path / "part.log.1").exists()
    part.stop()


def test_disk_troubles_are_one_line_each(tmp_path: Path) -> None:
    assert "MiB left): free some space" in str(explain_os_error(OSError(28, "No space left on device"), tmp_path))
    assert "Permission denied" in str(explain_os_error(PermissionError(13, "Permission denied"), tmp_path))
    require_disk(tmp_path, 0)
    with pytest.raises(OperatorError, match="MiB left"):
        require_disk(tmp_path, 2**40)


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    part = ManagedProcess("part", tmp_path / "part.json", Path(os.devnull) / "part.log")
    with pytest.raises(OperatorError, match="cannot write under"):
        part.start(SLEEP)
