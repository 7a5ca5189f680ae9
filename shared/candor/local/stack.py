"""The whole of Candor on one machine: broker, database, mailbox and the services, each in its own process."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import urlsplit

from candor.local.addresses import database_address
from candor.local.errors import LocalError
from candor.local.folder import Folder, Progress, quiet
from candor.local.health import answers_ready
from candor.local.kafka import DEFAULT_PORT as KAFKA_PORT
from candor.local.kafka import KafkaBroker
from candor.local.ports import HOST, choose_port
from candor.local.postgres import DEFAULT_PORT as POSTGRES_PORT
from candor.local.postgres import PostgresServer
from candor.local.process import ManagedProcess, note_process
from candor.local.secret_files import SecretPaths, ensure_secrets

START_SECONDS = 90.0


@dataclass(frozen=True)
class Service:
    """One process of ours: its name, what `python -m` runs, the service whose settings it has, its usual port."""

    name: str
    module: tuple[str, ...]
    settings: str
    port: int


# In the order of the flow: so they start to be ready, and so they drain.
SERVICES = (
    Service("promise-svc", ("promise_svc",), "promise-svc", 8101),
    Service("delivery-svc", ("delivery_svc",), "delivery-svc", 8102),
    Service("risk-worker", ("risk_svc", "worker"), "risk-svc", 8104),
    Service("risk-web", ("risk_svc", "web"), "risk-svc", 8103),
    Service("notify-svc", ("notify_svc",), "notify-svc", 8105),
)
MAILBOX_HTTP, MAILBOX_SMTP = 8025, 8026


@dataclass(frozen=True)
class Place:
    """Where a part is, as `stack.json` has it; `pid` None: somebody else's; `restarts`: after it ended by itself."""

    name: str
    address: str
    pid: int | None
    version: str
    restarts: int = 0


class Stack:
    """One running stack in `folder`. `env` goes to every service (CLOCK, say) and overrides what the stack sets.

    `stopping` is asked while it starts: once it says so, the start ends with LocalError.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        services: Sequence[Service] = SERVICES,
        env: Mapping[str, str] | None = None,
        usual_ports: bool = True,
        with_faults: bool = False,
        progress: Progress = quiet,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.folder = folder
        self.services = tuple(services)
        self.secrets = SecretPaths(folder.secrets)
        self.bootstrap_servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
        self.database_url = os.environ.get("DATABASE_URL", "")
        self._env = dict(env or {})
        self._usual = usual_ports
        self._faults = with_faults
        self._progress = progress
        self._stopping = stopping
        kafka, postgres = (KAFKA_PORT, POSTGRES_PORT) if usual_ports else (None, None)
        self.broker = None if self.bootstrap_servers else KafkaBroker(folder, kafka, progress=progress)
        self.database = None if self.database_url else PostgresServer(folder, postgres, progress=progress)
        self.mailbox = self._process("mailbox")
        self.processes = {service.name: self._process(service.name) for service in self.services}
        self.urls: dict[str, str] = {}
        self.restarts = dict.fromkeys(self.processes, 0)
        self.smtp_port = 0
        self._lock: TextIOWrapper | None = None

    def start(self) -> None:
        """Starts everything and returns once all of it is ready; LocalError says which part is not, and stops all."""
        self._claim()
        try:
            self._mend()
            self._start_servers()
            ensure_secrets(self.folder)
            self._start_mailbox()
            for service in self.services:
                self.start_service(service.name)
            self.write_state(ready=False)
            for service in self.services:
                self.wait_ready(service.name)
            self.write_state(ready=True)
        except BaseException:
            self.stop()
            raise

    def start_service(self, name: str) -> None:
        """Starts one service (again): its address stays."""
        service = next(service for service in self.services if service.name == name)
        if name not in self.urls:
            taken = {urlsplit(url).port or 0 for url in self.urls.values()}
            port = choose_port(service.port if self._usual else None, name, self._progress, taken)
            self.urls[name] = f"http://{HOST}:{port}"
        self._progress(f"starting {name}")
        command = [sys.executable, "-m", *service.module]
        self.processes[name].start(command, env=self.environment(service))

    def wait_ready(self, name: str) -> None:
        """Returns once the service answers ready; LocalError when it ends or takes too long."""
        self.processes[name].wait_until(lambda: self._ready(name), START_SECONDS)
        self._progress(f"{name} is ready at {self.urls[name]}")

    def stop(self) -> None:
        """Drains in the order of the flow; mailbox, broker and database last. Safe to call at any point."""
        for name, process in self.processes.items():
            if process.running:
                self._progress(f"draining {name}")
            process.stop(grace=30)
        self.mailbox.stop()
        if self.broker:
            self.broker.stop()
        if self.database:
            self.database.stop()
        if self._lock is not None:
            self._state.unlink(missing_ok=True)
            self._supervisor.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def stopped(self) -> list[str]:
        """The names of the parts that ended by themselves."""
        own = {"kafka": self.broker, "postgres": self.database}
        servers = {name: server.process for name, server in own.items() if server}
        every = {**servers, "mailbox": self.mailbox, **self.processes}
        return [name for name, process in every.items() if not process.running]

    def restartable(self, name: str) -> bool:
        """Whether a part that ended can be started again beside the others: a service can, a server cannot."""
        return name in self.processes

    def obituary(self, name: str) -> str:
        """How a part ended, the last lines of its log, and where the whole log is."""
        own = {"kafka": self.broker, "postgres": self.database}
        server = own.get(name)
        process = server.process if server else self.mailbox if name == "mailbox" else self.processes[name]
        return process.obituary()

    def start_again(self, name: str) -> None:
        """Starts a service that ended by itself; its address stays, and `status` shows how often it was."""
        self.restarts[name] += 1
        self.start_service(name)
        self.write_state(ready=True)

    def environment(self, service: Service) -> dict[str, str]:
        """The settings of one service."""
        return {
            "HOST": HOST,
            "PORT": str(urlsplit(self.urls[service.name]).port),
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "DATABASE_URL": self.database_url,
            "SMTP_HOST": HOST,
            "SMTP_PORT": str(self.smtp_port),
            # Nothing routes to us that would have to hear first that we are leaving.
            "DRAIN_PAUSE_SECONDS": "0",
            **self.secrets.environment(service.settings),
            **self._env,
        }

    def places(self) -> list[Place]:
        """Every part with its address, process and version."""
        ours = version("candor")
        return [
            Place("kafka", self.bootstrap_servers, self.broker.process.pid if self.broker else None, "4.1.0"),
            Place(
                "postgres",
                database_address(self.database_url),
                self.database.process.pid if self.database else None,
                "18",
            ),
            Place("mailbox", self.urls["mailbox"], self.mailbox.pid, ours),
            *(
                Place(
                    service.name,
                    self.urls[service.name],
                    self.processes[service.name].pid,
                    ours,
                    self.restarts[service.name],
                )
                for service in self.services
            ),
        ]

    def write_state(self, *, ready: bool) -> None:
        """Writes `run/stack.json`, by which `status`, `down` and the demo find a running stack."""
        state = {
            "ready": ready,
            "pid": os.getpid(),
            "started_at": datetime.now(UTC).isoformat(),
            "smtp": f"{HOST}:{self.smtp_port}",
            "places": [asdict(place) for place in self.places()],
        }
        new = self._state.with_suffix(".new")
        new.write_text(json.dumps(state, indent=2))
        new.replace(self._state)

    @property
    def _state(self) -> Path:
        return self.folder.run / "stack.json"

    @property
    def _supervisor(self) -> Path:
        return self.folder.run / "stack-process.json"

    def _ready(self, name: str) -> bool:
        if self._stopping():
            raise LocalError("stopped while starting")
        return answers_ready(self.urls[name])

    def _process(self, name: str) -> ManagedProcess:
        return ManagedProcess(name, self.folder.run / f"{name}.json", self.folder.logs / f"{name}.log")

    def _claim(self) -> None:
        lock = (self.folder.run / "stack.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise LocalError(f"Candor already runs in {self.folder.root}: `candor down` stops it") from None
        self._lock = lock
        # `candor down` stops this process, and no other that may get its pid one day.
        note_process(self._supervisor, os.getpid())

    def _mend(self) -> None:
        for process in (*self.processes.values(), self.mailbox):
            process.mend(self._progress)

    def _start_servers(self) -> None:
        if self.broker or self.database:
            self._progress("starting the broker and the database")
        # Side by side: together they are most of the time that a start takes.
        with ThreadPoolExecutor(2) as pool:
            broker = pool.submit(self.broker.start) if self.broker else None
            database = pool.submit(self.database.start) if self.database else None
            if database:
                self.database_url = database.result()
            if broker:
                self.bootstrap_servers = broker.result()

    def _start_mailbox(self) -> None:
        http = choose_port(MAILBOX_HTTP if self._usual else None, "the mailbox", self._progress)
        self.smtp_port = choose_port(MAILBOX_SMTP if self._usual else None, "SMTP", self._progress, taken=(http,))
        self.urls["mailbox"] = f"http://{HOST}:{http}"
        command = [sys.executable, "-m", "candor.local.mailbox", "--http", str(http), "--smtp", str(self.smtp_port)]
        command += ["--file", str(self.folder.data / "mailbox" / "messages.jsonl")]
        self.mailbox.start([*command, "--faults"] if self._faults else command)
        self.mailbox.wait_until(lambda: answers_ready(self.urls["mailbox"]), START_SECONDS)
