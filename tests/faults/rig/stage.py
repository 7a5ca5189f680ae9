"""A stack of a run's own: fresh folder, business clock at speed, two risk workers, short claims, mail that can fail."""

from __future__ import annotations

import base64
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg

from candor.installation.folder import Folder
from candor.local.secret_files import add_key, ensure_secrets
from candor.local.stack import SERVICES, Service, Stack
from candor.ops.clock import Clock, parse_clock
from candor.replay.sending import Endpoints
from candor.replay.where import webhook_secret
from candor.web.security.auth import Role
from tests.faults.rig.client import SOURCE
from tests.faults.rig.plan import LEARNER, NOTIFY, RISK, RISK_2, WEB
from tests.faults.rig.sinks import Sinks, sinking
from tests.faults.rig.story import START
from tests.support.servers import own_folder

SPEED: Final = 60
"""Business seconds a real second: what holds for five minutes is told after five seconds."""
SECOND: Final = Service(RISK_2, ("risk_svc", "worker"), "risk-svc", 8108)
IN_TURN: Final = ("tests.faults.rig.in_turn",)
SOON: Final = ("tests.faults.rig.soon",)
PARTITIONS: Final = 4
SERVICE_NAMES: Final = ("promise", "delivery", "risk", "notify")
ROOT: Final = Path(__file__).parents[3]
# A claim must not outlive the run, and the cap on messages a day is on trial elsewhere.
PATIENCE: Final = {
    "CLAIM_SECONDS": "6",
    "SMTP_DATA_SECONDS": "3",
    "SMTP_SECONDS": "2",
    "DAILY_CAP": "1000",
    # Each message by itself, so that the sink can be counted by promise.
    "JOINT_MOST": "1",
    # All that the learner read and did stays there, for the checker to do it again.
    "CHECKPOINT_SECONDS": "86400",
}


@dataclass(frozen=True)
class Stage:
    """A running stack; `key` is an operator's."""

    stack: Stack
    key: str
    clock: Clock
    sinks: Sinks

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.stack.urls["promise-svc"], self.stack.urls["delivery-svc"])

    @property
    def secret(self) -> str:
        return webhook_secret(self.stack.secrets.webhooks, SOURCE)

    @property
    def sink(self) -> Path:
        """The mailbox's own file."""
        return self.stack.folder.data / "mailbox" / "messages.jsonl"

    @property
    def died_unsaved(self) -> bool:
        """Whether the broken build has been killed with offsets committed and their effects not saved."""
        return (self.stack.folder.data / "died-unsaved").exists()

    def received(self) -> int:
        """Grows with each message that a sink has taken."""
        return (self.sink.stat().st_size if self.sink.exists() else 0) + len(self.sinks.taken)

    def use(self, name: str, *module: str) -> None:
        """Another build of a service from its next start on."""
        self.stack.services = tuple(
            replace(service, module=module) if service.name == name else service for service in self.stack.services
        )

    def drop(self, name: str) -> None:
        """Stop a process for good."""
        self.stack.processes.pop(name).stop()


@asynccontextmanager
async def connected(stage: Stage, service: str) -> AsyncIterator[Any]:
    """A connection to one service's database."""
    connection = await asyncpg.connect(f"{stage.stack.database_url}/candor_{service}", timeout=20)
    try:
        yield connection
    finally:
        await connection.close()


@contextmanager
def staged(name: str, *, with_board: bool = False) -> Iterator[Stage]:
    """A stack for the length of the block; after a failure its logs and both ledgers are kept in `.candor/faults`."""
    given = {key: os.environ.pop(key) for key in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL") if key in os.environ}
    try:
        with own_folder(name) as folder:
            try:
                with sinking(folder.data / "sinks") as sinks:
                    yield from _running(folder, sinks, with_board=with_board)
            except BaseException:
                _keep(folder, name)
                raise
    finally:
        os.environ.update(given)


def _running(folder: Folder, sinks: Sinks, *, with_board: bool) -> Iterator[Stage]:
    clock, origin = f"{START:%Y-%m-%dT%H:%M:%SZ}@{SPEED}", datetime.now(UTC)
    env = {
        "CLOCK": clock,
        "CLOCK_ORIGIN": origin.isoformat(),
        "PYTHONPATH": str(ROOT),
        **PATIENCE,
        **_channels(folder, sinks),
    }
    env["BROKEN_MARK"] = str(folder.data / "died-unsaved")
    services = [service for service in SERVICES if with_board or service.name != WEB]
    services.insert([service.name for service in services].index(RISK) + 1, SECOND)
    ours = {LEARNER: IN_TURN, NOTIFY: SOON}
    services = [replace(one, module=ours.get(one.name, one.module)) for one in services]
    # Servers that others use as well must not be killed: this stack has its own, whatever the environment says.
    stack = Stack(folder, services=services, env=env, usual_ports=False, with_faults=True)
    key = add_key(ensure_secrets(folder), "faults", Role.OPERATOR)
    try:
        stack.start()
        yield Stage(stack, key, parse_clock(clock, origin), sinks)
    finally:
        stack.stop()


def _channels(folder: Folder, sinks: Sinks) -> dict[str, str]:
    """Settings that turn every channel on, each to its sink."""
    token, key = folder.data / "sinks" / "token", folder.data / "sinks" / "key"
    token.write_text("the-token-of-a-run\n")
    key.write_text(base64.b64encode(b"k" * 32).decode())
    place = sinks.base.removeprefix("http://")
    seconds = {f"{name}_SECONDS": "3" for name in ("SLACK", "TEAMS", "TWILIO", "WEBHOOK")}
    return seconds | {
        "SLACK_HOSTS": place,
        "TEAMS_HOSTS": place,
        "TWILIO_ACCOUNT_SID": f"AC{0:032}",
        "TWILIO_TOKEN_FILE": str(token),
        "TWILIO_FROM": "+15005550006",
        "TWILIO_BASE": sinks.base,
        "TWILIO_CALLBACK": f"{sinks.base}/callbacks",
        "SMS_SEGMENTS": "10",
        "WEBHOOK_KEY_FILE": str(key),
        "WEBHOOK_PRIVATE": "true",
    }


def _keep(folder: Folder, name: str) -> None:
    kept = folder.jars.parent / "faults" / name
    shutil.rmtree(kept, ignore_errors=True)
    for part in (folder.logs, folder.data / "mailbox", folder.data / "client", folder.data / "sinks"):
        if part.exists():
            shutil.copytree(part, kept / part.name)
    print(f"the logs and ledgers of this run are kept in {kept}", file=sys.stderr)
