"""`candor demo` as a process: what a signal, a kill, a dying service and a port in use do to it, at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from candor.installation.processes import recorded_process
from candor.local.process import stop_tree
from candor.local.stack import SERVICES
from tests.support.servers import HOME, own_folder
from tests.support.waiting import until

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from candor_demo.run import run
from tests.support.tiny_day import tiny_day
speed, leave, usual = float(sys.argv[1]), "exit" in sys.argv, "usual" in sys.argv
sys.exit(run(lambda: tiny_day(flights=12, history_days=2), speed, leave=leave, usual_ports=usual))
"""
QUICK, SLOW = 10_000, 60


@pytest.fixture
def home() -> Iterator[Path]:
    """A home whose jars are everybody's; nothing that was started in it outlives the test."""
    with own_folder("demo") as folder:
        folder.jars.parent.mkdir(exist_ok=True)
        (folder.root / "jars").symlink_to(HOME / "jars", target_is_directory=True)
        yield folder.root
        for record in (folder.root / "demo" / "run").glob("*.json"):
            if (left := recorded_process(record)) is not None:
                stop_tree(left)


class Demo:
    """A running demo and what it has said."""

    def __init__(self, process: Process, run: Path) -> None:
        self.process = process
        self.run = run
        self.said: list[str] = []

    async def hears(self, words: str) -> str:
        """Its next line with these words."""
        assert self.process.stdout
        async with asyncio.timeout(120):
            while raw := await self.process.stdout.readline():
                self.said.append(raw.decode().rstrip())
                if words in self.said[-1]:
                    return self.said[-1]
        raise AssertionError(f"it never said {words!r}: {self.said}")

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def pid(self, part: str) -> int:
        found: int = json.loads((self.run / f"{part}.json").read_text())["pid"]
        return found

    async def ends(self, sign: signal.Signals) -> int:
        """Sends what a terminal sends to its whole process group; the exit status once all that it started is gone."""
        family = self.family()
        os.killpg(self.process.pid, sign)
        async with asyncio.timeout(120):
            rest, _ = await self.process.communicate()
        self.said += rest.decode().splitlines()
        assert [one for one in family if alive(one)] == []
        assert in_home(self.run.parent) == []
        assert list(self.run.glob("*.json")) == []
        assert self.process.returncode is not None
        return self.process.returncode


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def in_home(home: Path) -> list[str]:
    """Command lines of processes that name the home: the broker and the database do."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            line = " ".join(one.cmdline())
            found += [line] if str(home) in line and one.pid != os.getpid() and alive(one) else []
    return found


@asynccontextmanager
async def demo(home: Path, speed: float, *how: str, **environment: str) -> AsyncIterator[Demo]:
    env = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": "", "DATABASE_URL": "", "CANDOR_HOME": str(home), **environment}
    command = [sys.executable, "-u", "-c", PROGRAM, str(speed), *how]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=env | {"NO_COLOR": "1", "TERM": "dumb"}, stdout=PIPE, stderr=STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield Demo(process, home / "demo" / "run")
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def beside(home: Path) -> None:
    """What somebody else types while only the demo runs is about the demo."""
    told = []
    for command in ("status", "token"):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "candor.cli", command, "--json"),
            env={**os.environ, "CANDOR_HOME": str(home)}, stdout=PIPE,
        )  # fmt: skip
        said, _ = await process.communicate()
        told.append(json.loads(said))
    assert told[0]["ready"]
    async with httpx.AsyncClient() as browser:
        assert (await browser.get(told[1]["link"])).status_code == 303
        again = await browser.get(told[1]["link"], headers={"Accept": "text/html"})
    assert again.status_code == 401
    assert "candor token" in again.text
    assert again.headers["content-type"].startswith("text/html")


async def test_from_summary_to_kill_and_back(home: Path) -> None:
    async with demo(home, QUICK) as first:
        await first.hears("what became of the promises")
        await first.hears("docs/forecasts.md")
        await first.hears("the day is over: its clock has stopped at 06 February 2013")
        await first.hears("everything keeps running until Ctrl-C")
        await beside(home)
        killed = first.pid("notify-svc")
        os.kill(killed, signal.SIGKILL)
        await first.hears("notify-svc ended by itself; starting it again in 1 s")
        await first.hears("killed by signal 9")
        await until(lambda: first.pid("notify-svc") != killed)
        left = first.family()
        os.kill(first.process.pid, signal.SIGKILL)
        await first.process.communicate()
    assert len([one for one in left if alive(one)]) >= len(SERVICES) + 3

    async with demo(home, SLOW) as second:
        line = await second.hears("an earlier run was killed and left ")
        assert all(name in line for name in ("kafka", "postgres", "mailbox", *(service.name for service in SERVICES)))
        assert line.endswith("behind: stopping them")
        await second.hears("starting notify-svc")
        assert [one for one in left if alive(one)] == []
        assert await second.ends(signal.SIGINT) == 0
    assert second.said[-1] == "stopped before the summary"
    assert sum("an earlier run" in line for line in second.said) == 1


async def test_after_the_summary_ctrl_c_is_the_way_to_end_it(home: Path, kafka: str, postgres: str) -> None:
    servers = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "DATABASE_URL": postgres}
    with closing(socket.socket()) as other:
        # Where somebody else has the port already, that does as well.
        with suppress(OSError):
            other.bind(("127.0.0.1", 8101))
            other.listen()
        async with demo(home, QUICK, "usual", **servers) as running:
            line = await running.hears("port 8101 is in use by ")
            assert re.search(r"in use by .+: promise-svc listens on \d+ instead$", line)
            await running.hears("everything keeps running until Ctrl-C")
            assert await running.ends(signal.SIGINT) == 0
    assert running.said[-1] == "stopped"
    assert not [line for line in running.said if line.startswith("notices not sent") and "sending" in line]


async def test_a_script_told_to_stop_during_the_replay_does_not_take_that_for_a_summary(
    home: Path, kafka: str, postgres: str
) -> None:
    servers = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "DATABASE_URL": postgres}
    async with demo(home, SLOW, "exit", **servers) as running:
        await running.hears("up after")
        await until((running.run / "clock-origin").exists, seconds=120)
        assert await running.ends(signal.SIGTERM) == 130
    assert running.said[-1] == "stopped before the summary"
