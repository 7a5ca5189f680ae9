"""A server that stands in front of ours, run by its own program for as long as a test needs it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager


@contextmanager
def served(check: Sequence[str], serve: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[None]:
    """Have its program check the configuration, then run it until the end of the block."""
    checked = subprocess.run(check, env=env, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(serve, env=env)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
