"""A real Dovecot's IMAP of one maildir, behind a door of the tests' own that speaks TLS and knows one password."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import Signed

NOBODY = 65_534
USER, PASSWORD = "promises@mail.test", "imap-password-1"


@dataclass
class Dovecot:
    """The server; when tests run as root it serves as somebody else, to whom `folder` is open."""

    folder: Path
    port: int = 0
    entered: int = 0

    def put(self, raw: bytes) -> None:
        """A mail that comes into the mailbox."""
        self.entered += 1
        path = self.folder / "mail" / "new" / f"{self.entered:06}.test"
        path.write_bytes(raw)
        if os.getuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def empty(self) -> None:
        """The mailbox as it is made anew: its UIDs have another validity."""
        shutil.rmtree(self.folder / "mail")
        _maildir(self.folder / "mail", self.entered + 1)


@contextmanager
def _prepared() -> Iterator[tuple[Dovecot, list[str], dict[str, str]]]:
    program = shutil.which("doveconf")
    assert program is not None, "Dovecot is missing: .ci/run unpacks it"
    library = Path(program).parents[1] / "lib" / "dovecot"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        _maildir(folder / "mail", 1)
        (folder / "dovecot.conf").write_text(_settings(folder, library))
        environment = {"USER": "x", "HOME": name, "LD_LIBRARY_PATH": str(library), "PATH": os.environ["PATH"]}
        command = [program, "-c", str(folder / "dovecot.conf"), "-m", "imap", "-e", str(library / "imap")]
        yield Dovecot(folder), command, environment


@asynccontextmanager
async def dovecot(tls: Signed) -> AsyncIterator[Dovecot]:
    """Serve a new mailbox on loopback."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    with _prepared() as (made, command, environment):

        async def come_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                if await _known(reader, writer):
                    await _served(reader, writer, command, environment)
            writer.close()

        server = await asyncio.start_server(come_in, "127.0.0.1", 0, ssl=context)
        made.port = server.sockets[0].getsockname()[1]
        try:
            yield made
        finally:
            server.close()


async def _known(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    while line := await reader.readline():
        tag, command, *rest = line.decode().split()
        if command.upper() == "LOGIN":
            good = [word.strip('"') for word in rest] == [USER, PASSWORD]
            writer.write(f"{tag} {'OK come in' if good else 'NO [AUTHENTICATIONFAILED] who is it'}\r\n".encode())
            if good:
                return True
        elif command.upper() == "LOGOUT":
            writer.write(f"* BYE\r\n{tag} OK done\r\n".encode())
            return False
        else:
            writer.write(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode())
    return False


async def _served(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: list[str], environment: dict[str, str]
) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=environment)
    assert process.stdin is not None
    assert process.stdout is not None
    # It says that it knows who came in, which was said already.
    await process.stdout.readline()

    async def asked(into: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            into.write(part)
        into.close()

    asking = asyncio.create_task(asked(process.stdin))
    try:
        while part := await process.stdout.read(65_536):
            writer.write(part)
            await writer.drain()
    finally:
        asking.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def _maildir(mail: Path, validity: int) -> None:
    for path in (mail, *(mail / name for name in ("cur", "new", "tmp"))):
        path.mkdir()
    (mail / "dovecot-uidlist").write_text(f"3 V{1_000_000 + validity} N1\n")
    if os.getuid() == 0:
        for path in (mail, *mail.iterdir()):
            os.chown(path, NOBODY, NOBODY)


def _settings(folder: Path, library: Path) -> str:
    user, group = (NOBODY, NOBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())
    return f"""
base_dir = {folder}/run
libexec_dir = {library}
mail_plugin_dir = {library}/modules
mail_location = maildir:{folder}/mail
log_path = /dev/stderr
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 0
first_valid_gid = 0
ssl = no
protocols = imap
"""
