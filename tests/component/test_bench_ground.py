"""A benchmark that is stopped leaves no server behind, however it is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.support.servers import HOME, own_folder

PROGRAM = """
import asyncio
from bench.ground import ground

with ground() as stage:
    print(stage.postgres.pid, stage.broker.pid, flush=True)
    asyncio.run(asyncio.sleep(600))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_bench_told_to_stop_stops_its_servers(number: signal.Signals) -> None:
    command = ["env", "--ignore-signal=INT", sys.executable, "-c", PROGRAM]
    with own_folder("ground") as folder:
        (folder.root / "jars").symlink_to(HOME / "jars", target_is_directory=True)
        environment = {**os.environ, "CANDOR_HOME": str(folder.root)}
        with subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True) as bench:
            assert bench.stdout is not None
            servers = [psutil.Process(int(word)) for word in bench.stdout.readline().split()]
            bench.send_signal(number)
            _, said = bench.communicate()
    assert "KeyboardInterrupt" in said
    assert [one for one in servers if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
