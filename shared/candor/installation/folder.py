"""The one folder that contains everything the local stack creates."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from candor.errors import explain_os_error

Progress = Callable[[str], None]
"""Called with one short line each time something starts, is fetched, or is repaired."""


def home() -> Path:
    """The folder of the local stack: `CANDOR_HOME`, or `.candor` in the working directory."""
    return Path(os.environ.get("CANDOR_HOME") or ".candor")


def quiet(_line: str) -> None:
    """A Progress that prints nothing."""


@dataclass(frozen=True)
class Folder:
    """Paths under `root`. Jars may be elsewhere so that several stacks share one download."""

    root: Path
    jars: Path

    @classmethod
    def at(cls, root: Path, jars: Path | None = None) -> Folder:
        """The folder at `root`, created if missing; raises OperatorError if that fails."""
        folder = cls(root.absolute(), (jars or root / "jars").absolute())
        try:
            for path in (folder.jars, folder.data, folder.logs, folder.run):
                path.mkdir(parents=True, exist_ok=True)
            folder.secrets.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise explain_os_error(error, folder.root) from error
        return folder

    @classmethod
    def default(cls) -> Folder:
        """The folder at `home()`."""
        return cls.at(home())

    @classmethod
    def demo(cls) -> Folder:
        """The demo's own stack, inside the default folder and with its jars."""
        return cls.at(home() / "demo", home() / "jars")

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"


def write_whole(path: Path, text: str) -> None:
    """Replaces a file atomically, so that a reader sees the old text or the new one. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.replace(path)
