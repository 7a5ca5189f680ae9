"""A process of the sample app, to be told to stop: `python -m tests.component.web.process <what happens>`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from candor.ops.backgrounds import Background, CannotStartError
from candor.ops.loading import load
from candor.ops.settings import Settings
from candor.runtime import serve
from candor.web.app import create_app


class Waiter:
    """Runs until stopped; `fate` is what else may become of it."""

    def __init__(self, name: str, fate: str = "") -> None:
        self.name = name
        self._fate = fate
        self._stop = asyncio.Event()

    async def run(self) -> None:
        if self._fate == "raises":
            await asyncio.sleep(0.2)
            raise RuntimeError("the disk is gone")
        if self._fate == "refuses":
            raise CannotStartError("PARTITIONS is 8: set PARTITIONS=4")
        if self._fate == "returns":
            return
        await self._stop.wait()

    async def stop(self) -> None:
        self._stop.set()


def main() -> None:
    what = sys.argv[1]
    routes = APIRouter()

    @routes.get("/slow")
    async def slow() -> Response:
        print("request began", flush=True)
        await asyncio.sleep(30 if what == "hangs" else 0.7)
        return Response("done")

    @asynccontextmanager
    async def parts(_app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        if what == "no-database":
            raise ConnectionError("no PostgreSQL at 127.0.0.1:1")
        yield [Waiter("intake"), Waiter("relay", what)]
        print("closed", flush=True)

    settings = load(Settings, service="sample-svc")
    serve(settings, create_app("Sample", settings, parts, [routes]))


if __name__ == "__main__":
    main()
