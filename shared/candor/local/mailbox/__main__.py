"""`python -m candor.local.mailbox --http 8025 --smtp 8026 --file PATH [--faults]`: runs until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import uvicorn

from candor.installation.addresses import HOST
from candor.local.mailbox.app import create_app
from candor.local.mailbox.smtp import Faults, listen
from candor.local.mailbox.store import Mailbox


async def serve(host: str, http: int, smtp: int, file: Path, *, with_faults: bool) -> None:
    """Accepts messages on one port and shows them on the other; ends on SIGTERM or SIGINT."""
    mailbox, faults = Mailbox(file), Faults()
    config = uvicorn.Config(
        create_app(mailbox, faults, with_faults=with_faults), host, http, log_level="warning", access_log=False
    )
    receiving = await listen(mailbox, faults, host, smtp)
    try:
        await uvicorn.Server(config).serve()
    finally:
        receiving.close()
        mailbox.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=HOST, help="where to listen; outside a container nowhere but on loopback")
    parser.add_argument("--http", type=int, default=8025)
    parser.add_argument("--smtp", type=int, default=8026)
    parser.add_argument("--file", type=Path, required=True, help="where messages are kept")
    parser.add_argument("--faults", action="store_true", help="let PUT /faults make it fail, for tests")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.host, arguments.http, arguments.smtp, arguments.file, with_faults=arguments.faults))


if __name__ == "__main__":
    main()
