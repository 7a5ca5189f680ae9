"""A real PgBouncer in front of the tests' PostgreSQL, with or without TLS towards its clients."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from candor.local.ports import choose_port
from tests.support.certificates import Signed

NOBODY = 65_534


@contextmanager
def pgbouncer(
    server: str, pool_mode: str, tls: Signed | None = None, *, clients: Path | None = None, port: int | None = None
) -> Iterator[str]:
    """The server's URL by way of a PgBouncer; `tls`: its own certificate, without which nobody gets in.

    `clients`: the authority that must have signed a client's certificate; `port` None takes any free one.
    """
    parts = urlsplit(server)
    port = port or choose_port(None, "PgBouncer")
    program = shutil.which("pgbouncer")
    assert program is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Where it was unpacked may be closed to the user that it runs as.
        program = str(shutil.copy(program, folder / "pgbouncer"))
        (folder / "users.txt").write_text(f'"{parts.username}" "{unquote(parts.password or "")}"\n')
        lines = [*_settings(folder, port, pool_mode), "[databases]", f"* = host={parts.hostname} port={parts.port}"]
        if tls is not None:
            shutil.copy(tls.certificate, folder / "own.crt")
            shutil.copy(tls.key, folder / "own.key")
            lines[1:1] = [
                "client_tls_sslmode = require",
                f"client_tls_cert_file = {folder / 'own.crt'}",
                f"client_tls_key_file = {folder / 'own.key'}",
            ]
        if clients is not None:
            shutil.copy(clients, folder / "clients.pem")
            lines[1:1] = [f"client_tls_ca_file = {folder / 'clients.pem'}"]
            lines[lines.index("client_tls_sslmode = require")] = "client_tls_sslmode = verify-ca"
        (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        with _running([program, str(folder / "pgbouncer.ini")], folder):
            yield f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[None]:
    # It refuses to run as root, and then has to read its files as somebody else.
    nobody = NOBODY if os.getuid() == 0 else None
    for path in [folder, *folder.iterdir()]:
        path.chmod(0o755 if path.is_dir() or path.name == "pgbouncer" else 0o644)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, user=nobody, group=nobody)
    assert process.stderr is not None
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "process up" in line:
                break
        else:
            raise RuntimeError(f"PgBouncer did not start: {''.join(said)}")
        yield
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def _settings(folder: Path, port: int, pool_mode: str) -> list[str]:
    return [
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        f"pool_mode = {pool_mode}",
        "auth_type = scram-sha-256",
        f"auth_file = {folder / 'users.txt'}",
        "max_client_conn = 200",
        "default_pool_size = 50",
        "unix_socket_dir =",
    ]
