"""The `candor` command line as it must be typed in the current environment."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def typed(arguments: str) -> str:
    """Return `candor ARGUMENTS` for a shell in this process's folder, e.g. `.candor/venv/bin/candor token`.

    The bare name is used only if the shell finds this installation by it; a custom folder (CANDOR_HOME) is included.
    """
    script = Path(sys.executable).with_name("candor")
    found = shutil.which("candor")
    bare = not script.exists() or (found is not None and Path(found).samefile(script))
    command = "candor" if bare else shlex.quote(_from_here(script))
    home = os.environ.get("CANDOR_HOME")
    if home and Path(home).absolute() != Path(".candor").absolute():
        command = f"CANDOR_HOME={shlex.quote(_from_here(Path(home)))} {command}"
    return f"{command} {arguments}"


def _from_here(path: Path) -> str:
    """Return `path` relative to the working directory if it lies below it, else in full."""
    whole = path.absolute()
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else str(whole)
