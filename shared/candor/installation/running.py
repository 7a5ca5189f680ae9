"""The stack that runs in a folder, as described by its `stack.json`, regardless of who started it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from candor.errors import OperatorError
from candor.installation.folder import Folder
from candor.installation.probes import accepts, answers_ready
from candor.installation.processes import recorded_process
from candor.ops.database_url import with_password_file

USER = "candor"
"""The owner of the local server's databases."""


@dataclass(frozen=True)
class Place:
    """A part as listed in `stack.json`; `pid` None: not our process; `restarts`: count after unexpected ends."""

    name: str
    address: str
    pid: int | None
    version: str
    restarts: int = 0


@dataclass(frozen=True)
class RunningStack:
    """The contents of `stack.json`; `alive`: whether the process that started the stack still runs."""

    pid: int
    alive: bool
    ready: bool
    started_at: str
    smtp: str
    places: tuple[Place, ...]

    def address(self, name: str) -> str:
        """The address of a part; raises OperatorError if it has none."""
        for place in self.places:
            if place.name == name:
                return place.address
        raise OperatorError(f"the running stack has no part {name!r}")


def read_running(folder: Folder) -> RunningStack | None:
    """The stack of `folder`, or None if nothing was started or everything was stopped in order."""
    try:
        state: dict[str, Any] = json.loads((folder.run / "stack.json").read_text())
        places = tuple(Place(**place) for place in state["places"])
        process = recorded_process(folder.run / "stack-process.json")
        alive = process is not None and process.pid == state["pid"]
        return RunningStack(state["pid"], alive, state["ready"], state["started_at"], state["smtp"], places)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperatorError(
            f"{folder.run / 'stack.json'} cannot be read ({error}): `candor down` puts it right"
        ) from error


def at_work() -> Folder:
    """The folder of the running stack: the default one, or the demo's while only a demo runs."""
    folder = Folder.default()
    if _runs(folder) or not (folder.root / "demo").is_dir():
        return folder
    demo = Folder.demo()
    return demo if _runs(demo) else folder


def _runs(folder: Folder) -> bool:
    try:
        running = read_running(folder)
    except OperatorError:
        # The next reader reports the error; `candor down` must get that far and repair it.
        return False
    return running is not None and running.alive


def require_running(folder: Folder) -> RunningStack:
    """The stack of `folder`; raises OperatorError if none runs."""
    running = read_running(folder)
    if running is None or not running.alive:
        raise OperatorError("Candor is not running here: start it with `candor up`")
    return running


def health(place: Place) -> str:
    """`ready`, `down`, or `not ready` for a part that listens but does not serve yet."""
    if not place.address.startswith("http"):
        return "ready" if accepts(place.address) else "down"
    if answers_ready(place.address):
        return "ready"
    return "not ready" if accepts(place.address.removeprefix("http://")) else "down"


def database_url(folder: Folder) -> str:
    """The server's URL: `DATABASE_URL`, or the running local server's with its password."""
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    address = require_running(folder).address("postgres")
    return f"postgresql://{USER}:{(folder.secrets / 'postgres-password').read_text().strip()}@{address}"


def database_server(folder: Folder) -> str:
    """The same with `DATABASE_PASSWORD_FILE`, for `candor.store` to connect to; settings read that by themselves."""
    file = os.environ.get("DATABASE_PASSWORD_FILE") if os.environ.get("DATABASE_URL") else None
    return with_password_file(database_url(folder), Path(file) if file else None)
