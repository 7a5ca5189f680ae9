"""One process of Candor started many times, each with its own environment, for the price of importing it once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_MANY = """
import importlib, json, os, runpy, sys, tempfile

module, *arguments = sys.argv[1:]
environments = json.load(sys.stdin)
os.environ.clear()
importlib.import_module(module + ".wiring")
for environment in environments:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), 2)
            os.environ.update(environment)
            sys.argv = [module, *arguments]
            status = 0
            try:
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                status = 1
            sys.stderr.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        print(json.dumps([status, said.read().decode().splitlines()]), flush=True)
"""


class Ended(NamedTuple):
    """How a start ended: its status, and the lines of its standard error."""

    status: int
    lines: list[str]


async def ended(module: Sequence[str], environments: Sequence[Mapping[str, str]]) -> list[Ended]:
    """Start `python -m` with `module` and its arguments once in each environment, one after the other.

    Raises TimeoutError if one of them does not end.
    """
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _MANY, *module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    given: list[dict[str, Any]] = [dict(one) for one in environments]
    try:
        found, _ = await asyncio.wait_for(started.communicate(json.dumps(given).encode()), 120)
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
    return [Ended(*json.loads(line)) for line in found.splitlines()]
