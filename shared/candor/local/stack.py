"""The whole of Candor on one machine: broker, database, mailbox and the services, each in its own process."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from candor.errors import OperatorError, explain_os_error
from candor.installation.addresses import HOST, database_address
from candor.installation.folder import Folder, Progress, private_file, quiet, write_whole
from candor.installation.probes import answers_ready
from candor.installation.processes import note_process
from candor.installation.running import Place
from candor.local.jars import broker_version
from candor.local.kafka import DEFAULT_PORT as KAFKA_PORT
from candor.local.kafka import KafkaBroker
from candor.local.ports import choose_port
from candor.local.postgres import DEFAULT_PORT as POSTGRES_PORT
from candor.local.postgres import PostgresServer
from candor.local.process import ManagedProcess, mend_all
from candor.local.secret_files import SecretPaths, ensure_secrets

START_SECONDS = 90.0


@dataclass(frozen=True)
class Service:
    """One of our processes: its name, its `python -m` module, the service whose settings it uses, its usual port."""

    name: str
    module: tuple[str, ...]
    settings: str
    port: int


# In the order of the data flow, in which they become ready and drain.
SERVICES = (
    Service("promise-svc", ("promise_svc",), "promise-svc", 8101),
    Service("delivery-svc", ("delivery_svc",), "delivery-svc", 8102),
    Service("risk-worker", ("risk_svc", "worker"), "risk-svc", 8104),
    Service("risk-learner", ("risk_svc", "learner"), "risk-svc", 8106),
    Service("risk-insight", ("risk_svc", "insight"), "risk-svc", 8107),
    Service("risk-web", ("risk_svc", "web"), "risk-svc", 8103),
    Service("notify-svc", ("notify_svc",), "notify-svc", 8105),
)
MAILBOX_HTTP, MAILBOX_SMTP = 8025, 8026
USUAL_PORT_OF = {
    **{service.name: service.port for service in SERVICES},
    "mailbox": MAILBOX_HTTP,
    "smtp": MAILBOX_SMTP,
    "kafka": KAFKA_PORT,
    "postgres": POSTGRES_PORT,
}
USUAL_PORTS = frozenset({KAFKA_PORT + 1, *USUAL_PORT_OF.values()})
"""Ports that a part whose own port is in use must not take, so that one used port does not displace others."""


class Stack:
    """One running stack in `folder`. `env` (e.g. CLOCK) goes to every service and overrides what the stack sets.

    `ports`: where a part listens instead of its usual port, by its name (USUAL_PORT_OF). `stopping` is called
    during the start; once it returns True, the start ends with OperatorError.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        services: Sequence[Service] = SERVICES,
        env: Mapping[str, str] | None = None,
        usual_ports: bool = True,
        ports: Mapping[str, int] | None = None,
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
        self._wanted: dict[str, int] = {**(USUAL_PORT_OF if usual_ports else {}), **(ports or {})}
        self._others = USUAL_PORTS | set(self._wanted.values())
        self._faults = with_faults
        self._progress = progress
        self._stopping = stopping
        kafka, postgres = self._wanted.get("kafka"), self._wanted.get("postgres")
        self.broker = (
            None
            if self.bootstrap_servers
            else KafkaBroker(folder, kafka, quick=True, progress=self._step, taken=self._others - {kafka})
        )
        self.database = (
            None
            if self.database_url
            else PostgresServer(folder, postgres, progress=self._step, taken=self._others - {postgres})
        )
        self.mailbox = self._process("mailbox")
        self.processes = {service.name: self._process(service.name) for service in self.services}
        self.urls: dict[str, str] = {}
        self.restarts = dict.fromkeys(self.parts, 0)
        self.smtp_port = 0
        self._lock: BinaryIO | None = None

    def start(self) -> None:
        """Starts all parts and returns once all are ready; on failure stops all and raises OperatorError."""
        self._claim()
        try:
            mend_all(self.parts.values(), self._step)
            ensure_secrets(self.folder)
            self._start_all()
            self.write_state(ready=False)
            self.mailbox.wait_until(lambda: self._ready("mailbox"), START_SECONDS)
            for service in self.services:
                self.wait_ready(service.name)
            self.write_state(ready=True)
        except BaseException:
            self.stop()
            raise

    def start_service(self, name: str) -> None:
        """Starts or restarts one service at the same address."""
        service = next(service for service in self.services if service.name == name)
        self._address(name)
        self._step(f"starting {name}")
        self.processes[name].start(self.command(service), env=self.environment(service))

    def _address(self, name: str) -> str:
        """The address of a service, started or not."""
        if name not in self.urls:
            self.urls[name] = f"http://{HOST}:{self._port(name)}"
        return self.urls[name]

    def command(self, service: Service) -> list[str]:
        """The command that runs one service."""
        return [sys.executable, "-m", *service.module]

    def wait_ready(self, name: str) -> None:
        """Returns once the service is ready; raises OperatorError if it ends or takes too long."""
        self.processes[name].wait_until(lambda: self._ready(name), START_SECONDS)
        self._step(f"{name} is ready at {self.urls[name]}")

    def stop(self) -> None:
        """Drains in the order of the data flow; mailbox, broker and database last. Safe to call at any point."""
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

    @property
    def parts(self) -> dict[str, ManagedProcess]:
        """Every process of this stack, by name, in the order in which they are stopped."""
        own = {"kafka": self.broker, "postgres": self.database}
        servers = {name: server.process for name, server in own.items() if server}
        return {**self.processes, "mailbox": self.mailbox, **servers}

    def stopped(self) -> list[str]:
        """The names of the parts that ended unexpectedly."""
        return [name for name, process in self.parts.items() if not process.running]

    def obituary(self, name: str) -> str:
        """How a part ended, the last lines of its log, and where the whole log is."""
        return self.parts[name].obituary()

    def note(self, name: str, text: str) -> None:
        """Add a line about a part to its log; a full disk is said elsewhere."""
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": "warning", "service": "stack"}
        with suppress(OSError), self.parts[name].log.open("a") as log:
            log.write(json.dumps({**line, "event": text}) + "\n")

    def start_again(self, name: str) -> None:
        """Restarts a part that ended unexpectedly, with its address and data; `status` shows how often."""
        if name == "mailbox":
            self._start_mailbox()
        elif name == "kafka" and self.broker:
            self.broker.start()
        elif name == "postgres" and self.database:
            self.database.start()
        else:
            self.start_service(name)
        self.restarts[name] += 1
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
            # No load balancer routes to us, so none has to learn first that we are stopping.
            "DRAIN_PAUSE_SECONDS": "0",
            **self._asked_by(service),
            **self.secrets.environment(service.settings),
            **self._page(service),
            **self._env,
        }

    def _asked_by(self, service: Service) -> dict[str, str]:
        """Where the board finds the services that it asks, also those that start after it."""
        if service.name != "risk-web":
            return {}
        named = {"promise-svc": "PROMISE_SVC_URL", "delivery-svc": "DELIVERY_SVC_URL", "notify-svc": "NOTIFY_SVC_URL"}
        here = {one.name for one in self.services}
        return {variable: self._address(name) for name, variable in named.items() if name in here}

    def _page(self, service: Service) -> dict[str, str]:
        """Where the customer's page is: browsers take every name below localhost for this machine."""
        if service.settings != "notify-svc":
            return {}
        return {"PAGE_URL": f"http://page.localhost:{urlsplit(self.urls[service.name]).port}"}

    def places(self) -> list[Place]:
        """Every part with its address, process and version."""
        ours = version("candor")
        return [
            self._place("kafka", self.bootstrap_servers, broker_version()),
            self._place("postgres", database_address(self.database_url), "18"),
            self._place("mailbox", self.urls["mailbox"], ours),
            *(self._place(service.name, self.urls[service.name], ours) for service in self.services),
        ]

    def write_state(self, *, ready: bool) -> None:
        """Writes `run/stack.json`, through which `status`, `down` and the demo find a running stack."""
        state = {
            "ready": ready,
            "pid": os.getpid(),
            "started_at": datetime.now(UTC).isoformat(),
            "smtp": f"{HOST}:{self.smtp_port}",
            "places": [asdict(place) for place in self.places()],
        }
        try:
            write_whole(self._state, json.dumps(state, indent=2))
        except OSError as error:
            raise explain_os_error(error, self.folder.root) from error

    @property
    def _state(self) -> Path:
        return self.folder.run / "stack.json"

    @property
    def _supervisor(self) -> Path:
        return self.folder.run / "stack-process.json"

    def _place(self, name: str, address: str, version: str) -> Place:
        process = self.parts.get(name)
        return Place(name, address, process.pid if process else None, version, self.restarts.get(name, 0))

    def _ready(self, name: str) -> bool:
        self._go_on()
        return answers_ready(self.urls[name])

    def _go_on(self) -> None:
        if self._stopping():
            raise OperatorError("stopped while starting")

    def _step(self, line: str) -> None:
        # Called as every part starts, so that a long start (45 MB of jars) ends soon when asked to stop.
        self._go_on()
        self._progress(line)

    def _port(self, name: str, what: str = "", also: int = 0) -> int:
        wanted = self._wanted.get(name)
        taken = self._others - {wanted} | {urlsplit(url).port or 0 for url in self.urls.values()} | {also}
        return choose_port(wanted, what or name, self._progress, taken)

    def _process(self, name: str) -> ManagedProcess:
        return ManagedProcess(name, self.folder.run / f"{name}.json", self.folder.logs / f"{name}.log")

    def _claim(self) -> None:
        lock = private_file(self.folder.run / "stack.lock", "ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise OperatorError(f"Candor already runs in {self.folder.root}: `candor down` stops it") from None
        self._lock = lock
        # `candor down` stops this process, and no other that may get its pid later.
        note_process(self._supervisor, os.getpid())

    def _start_all(self) -> None:
        """Starts servers in parallel, and services once the database is up because they can wait for the broker."""
        if self.broker or self.database:
            self._step("starting the broker and the database")
        with ThreadPoolExecutor(2) as pool:
            if self.broker:
                self.bootstrap_servers = self.broker.reserve()
            broker = pool.submit(self.broker.start) if self.broker else None
            if self.database:
                self.database_url = pool.submit(self.database.start).result()
            self._start_mailbox()
            for service in self.services:
                self.start_service(service.name)
            if broker:
                broker.result()

    def _start_mailbox(self) -> None:
        if "mailbox" not in self.urls:
            http = self._port("mailbox", "the mailbox")
            self.smtp_port = self._port("smtp", "SMTP", also=http)
            self.urls["mailbox"] = f"http://{HOST}:{http}"
        pages = str(urlsplit(self.urls["mailbox"]).port)
        command = [sys.executable, "-m", "candor.local.mailbox", "--http", pages, "--smtp", str(self.smtp_port)]
        command += ["--file", str(self.folder.data / "mailbox" / "messages.jsonl")]
        self.mailbox.start([*command, "--faults"] if self._faults else command)
