"""The demo's own stack: a folder made fresh for each run, a clock that waits for the replay, and the secrets of it."""

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

SOURCE: Final = "crm"
REPLAY_S: Final = 110.0
"""Real seconds that the live part takes at the usual speed: with the import before it, about two minutes."""
USUAL_IMPORT_RATE: Final = 2000.0
"""Events a second that are imported and learnt from on a machine that bears the usual speed."""
FEWEST_TO_JUDGE: Final = 5000
SLOWEST_SHARE: Final = 0.15
SENDING_S: Final = 2.5
"""Real seconds from deciding upon a message to its being out, under the demo's load."""
HEAD_START: Final = timedelta(seconds=0.5)
"""From naming the clock's origin to the origin itself, so that no process learns of it too late."""


@dataclass(frozen=True)
class Stage:
    """A stack made for one day, not yet started; `key` is an operator's."""

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
        """Where events go in; the stack must be started."""
        return Endpoints(self.stack.urls["promise-svc"], self.stack.urls["delivery-svc"])

    def begin(self, speed: float) -> Pace:
        """Name origin, speed and end: business time begins to run in every process at once. The replay's clock.

        It stops at `ends`, when nothing more can happen to the day's promises; without one it goes on.
        """
        new = self.origin_file.with_suffix(".new")
        stops = f" {self.ends.isoformat()}" if self.ends else ""
        new.write_text(f"{(datetime.now(UTC) + HEAD_START).isoformat()} {speed}{stops}")
        new.replace(self.origin_file)
        return Pace(HeldClock(self.start, speed, self.origin_file), speed)


def usual_speed(day: Day) -> float:
    """Business seconds a real second at which the day is over in REPLAY_S."""
    return round((day.ends - day.starts).total_seconds() / REPLAY_S, 1)


def bearable_speed(usual: float, events: int, seconds: float) -> float:
    """`usual`, or less where importing `events` in `seconds` showed that this machine is slow or busy.

    Business time does not wait: replayed faster than a machine can bear, every warning would be late.
    """
    if events < FEWEST_TO_JUDGE:
        return usual
    share = events / max(seconds, 0.001) / USUAL_IMPORT_RATE
    return round(usual * min(1.0, max(share, SLOWEST_SHARE)), 1)


def early_setting(speed: float) -> str:
    """UPDATE_EARLY_MINUTES: what SENDING_S real seconds are in business time, from 5 to 45 minutes."""
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
) -> Stage:
    """A stage in a folder of its own inside the stack's folder; what an earlier demo left there is removed.

    `stopping` is asked while it starts (candor.local.stack). Raises LocalError where the folder cannot be made, or a
    demo is running in it. On servers of the user's own (KAFKA_BOOTSTRAP_SERVERS, DATABASE_URL) the run has topics and
    databases that no earlier one used.
    """
    folder = Folder.demo()
    origin_file = folder.run / "clock-origin"
    settings = {"CLOCK": clock_setting(day.starts, speed), "CLOCK_ORIGIN_FILE": str(origin_file)}
    settings["UPDATE_EARLY_MINUTES"] = early_setting(speed)
    settings |= own_names(os.environ, secrets.token_hex(3))
    stack = Stack(folder, env=settings, usual_ports=usual_ports, progress=progress, stopping=stopping)
    with sole_use(folder):
        sweep(stack, progress)
        origin_file.unlink(missing_ok=True)
    return Stage(
        stack, add_key(ensure_secrets(folder), "demo", Role.OPERATOR), speed, day.starts, origin_file, day.ends
    )


@contextmanager
def sole_use(folder: Folder) -> Iterator[None]:
    """The lock that a running stack holds. Raises LocalError while one does: its files must not be swept away."""
    with (folder.run / "stack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OperatorError(f"a demo is already running in {folder.root}: stop it with Ctrl-C first") from None
        yield


def sweep(stack: Stack, progress: Progress) -> None:
    """Stop what a killed demo left behind, then remove its data: every run starts from nothing."""
    mend_all(stack.parts.values(), progress)
    for name in ("data", "imports", "logs"):
        shutil.rmtree(stack.folder.root / name, ignore_errors=True)
        (stack.folder.root / name).mkdir()


def own_names(environment: Mapping[str, str], stamp: str) -> dict[str, str]:
    """Prefixes of topics and databases on a user's own servers, so that nothing of theirs is touched."""
    found = {}
    if environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        found["TOPIC_PREFIX"] = f"candor-demo-{stamp}"
    if environment.get("DATABASE_URL"):
        found["DATABASE_PREFIX"] = f"candor_demo_{stamp}"
    return found
