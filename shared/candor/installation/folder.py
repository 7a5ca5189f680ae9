"""The one folder that contains everything the local stack creates."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, cast

from candor.errors import explain_os_error

OURS: Final = ".candor"
PRIVATE: Final = 0o077
"""The umask of everything the local stack writes: mail, logs and data of customers are for its user alone."""

Progress = Callable[[str], None]
"""Called with one short line each time something starts, is fetched, or is repaired."""


def home() -> Path:
    """The folder of the local stack: `CANDOR_HOME`, or `.candor` in the working directory."""
    return Path(os.environ.get("CANDOR_HOME") or OURS)


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
            if not folder.root.exists() or folder.root.name == OURS:
                private_folder(folder.root)
            folder.jars.mkdir(parents=True, exist_ok=True)
            for path in (folder.data, folder.logs, folder.run, folder.secrets):
                private_folder(path)
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


def private_folder(path: Path) -> None:
    """Makes a folder, or takes over an existing one, that only its owner may enter, whatever the umask."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def private_file(path: Path, mode: str, buffering: int = -1) -> BinaryIO:
    """Opens a binary file as `open` does; only its owner may read it, whatever the umask. Raises OSError."""
    file = open(path, mode, buffering, opener=partial(os.open, mode=0o600))  # noqa: SIM115 - a Path takes no opener
    os.fchmod(file.fileno(), 0o600)
    return cast(BinaryIO, file)


def write_whole(path: Path, text: str) -> None:
    """Replaces a file atomically, so that a reader sees the old text or the new one. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    with private_file(new, "wb") as file:
        file.write(text.encode())
    new.replace(path)
