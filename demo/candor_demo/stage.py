"""The demo's own stack: a fresh folder for each run, a clock that waits for the replay, and secrets."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from candor.errors import OperatorError
from candor.installation.folder import Folder, Progress
from candor.local.process import mend_all
from candor.local.secret_files import add_key, ensure_secrets
from candor.local.stack import Stack
from candor.ops.clock import HeldClock
from candor.replay.sending import Endpoints
from candor.replay.where import Pace
from candor.web.security.auth import Role
from candor_demo.day import Day

SOURCE: Final = "replay"
REPLAY_S: Final = 110.0
"""Real seconds that the live part takes at the usual speed; about two minutes with the import before it."""
USUAL_IMPORT_RATE: Final = 2000.0
"""Events per second imported and learnt from by a machine that can sustain the usual speed."""
FEWEST_TO_JUDGE: Final = 5000
SLOWEST_SHARE: Final = 0.15
SENDING_S: Final = 2.5
"""Real seconds from the decision on a message until it is sent, under the demo's load."""
HEAD_START: Final = timedelta(seconds=0.5)
"""Time from announcing the clock's origin to the origin itself, so that no process learns of it too late."""


@dataclass(frozen=True)
class Stage:
    """A stack for one day, not yet started; `key` is an operator's API key."""

    stack: Stack
    key: str
    speed: float
    start: datetime
    origin_file: Path
    ends: datetime | None = None

    @property
    def folder(self) -> Path:
        return self.stack.folder.root

    @property
    def endpoints(self) -> Endpoints:
        """The addresses that take events; the stack must be started."""
        return Endpoints(self.stack.urls["promise-svc"], self.stack.urls["delivery-svc"])

    def begin(self, speed: float) -> Pace:
        """Set origin, speed and end, which starts business time in every process at once; returns the replay's clock.

        It stops at `ends`, when nothing more can happen to the day's promises; without an end it keeps running.
        """
        new = self.origin_file.with_suffix(".new")
        stops = f" {self.ends.isoformat()}" if self.ends else ""
        new.write_text(f"{(datetime.now(UTC) + HEAD_START).isoformat()} {speed}{stops}")
        new.replace(self.origin_file)
        return Pace(HeldClock(self.start, speed, self.origin_file), speed)


def usual_speed(day: Day) -> float:
    """Business seconds per real second at which the day takes REPLAY_S."""
    return round((day.ends - day.starts).total_seconds() / REPLAY_S, 1)


def bearable_speed(usual: float, events: int, seconds: float) -> float:
    """`usual`, or less if importing `events` in `seconds` showed that this machine is slow or busy.

    Business time does not wait: if replayed faster than the machine can process, every warning would be late.
    """
    if events < FEWEST_TO_JUDGE:
        return usual
    share = events / max(seconds, 0.001) / USUAL_IMPORT_RATE
    return round(usual * min(1.0, max(share, SLOWEST_SHARE)), 1)


def early_setting(speed: float) -> str:
    """UPDATE_EARLY_MINUTES: SENDING_S in business time, limited to 5 to 45 minutes."""
    return f"{min(45.0, max(5.0, speed * SENDING_S / 60)):.1f}"


def clock_setting(start: datetime, speed: float) -> str:
    """The setting CLOCK."""
    return f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}@{speed}"


def prepare(
    day: Day,
    speed: float,
    progress: Progress,
    *,
    usual_ports: bool = True,
    stopping: Callable[[], bool] = lambda: False,
    kind: type[Stack] = Stack,
) -> Stage:
    """A stage in its own folder inside the stack's folder; removes what an earlier demo left there.

    `stopping` is called during the start (candor.local.stack), `kind` says how the services are started. Raises
    OperatorError if the folder cannot be created or a demo is running in it. On the user's own servers
    (KAFKA_BOOTSTRAP_SERVERS, DATABASE_URL) the run uses topics and databases that no earlier run used.
    """
    folder = Folder.demo()
    origin_file = folder.run / "clock-origin"
    settings = {"CLOCK": clock_setting(day.starts, speed), "CLOCK_ORIGIN_FILE": str(origin_file)}
    settings["UPDATE_EARLY_MINUTES"] = early_setting(speed)
    settings |= own_names(os.environ, secrets.token_hex(3))
    stack = kind(folder, env=settings, usual_ports=usual_ports, progress=progress, stopping=stopping)
    with sole_use(folder):
        sweep(stack, progress)
        origin_file.unlink(missing_ok=True)
    return Stage(
        stack, add_key(ensure_secrets(folder), "demo", Role.OPERATOR), speed, day.starts, origin_file, day.ends
    )


@contextmanager
def sole_use(folder: Folder) -> Iterator[None]:
    """Holds the lock of a running stack. Raises OperatorError if one runs, as its files must not be removed."""
    with (folder.run / "stack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OperatorError(f"a demo is already running in {folder.root}: stop it with Ctrl-C first") from None
        yield


def sweep(stack: Stack, progress: Progress) -> None:
    """Stop what a killed demo left behind, then remove its data, so that every run starts from nothing."""
    mend_all(stack.parts.values(), progress)
    for name in ("data", "imports", "logs"):
        shutil.rmtree(stack.folder.root / name, ignore_errors=True)
        (stack.folder.root / name).mkdir()


def own_names(environment: Mapping[str, str], stamp: str) -> dict[str, str]:
    """Prefixes for topics and databases on a user's own servers, so that none of theirs is touched."""
    found = {}
    if environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        found["TOPIC_PREFIX"] = f"candor-demo-{stamp}"
    if environment.get("DATABASE_URL"):
        found["DATABASE_PREFIX"] = f"candor_demo_{stamp}"
    return found
