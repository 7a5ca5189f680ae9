"""One process from start to end: HTTP and backgrounds; on SIGTERM it stops in an order that loses nothing."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from socket import AF_INET6, create_server, socket
from typing import TypeVar

import structlog
import uvicorn
from fastapi import FastAPI

from candor.ops import garbage, logging, tracing
from candor.ops.backgrounds import Background, Supervisor
from candor.ops.edge_settings import Networks
from candor.ops.health import Check, Health
from candor.ops.loading import load, one_line, refuse_unreadable_files
from candor.ops.settings import Settings
from candor.store.errors import StoreUnavailable
from candor.store.fitness import UnfitDatabaseError
from candor.waiting import DatabaseWait
from candor.web.app import Parts, create_app
from candor.web.http.connections import Connections, room_for
from candor.web.http.edge import safe_headers
from candor.web.http.observed import POLICY
from candor.web.http.protocol import CountedSocket, LimitedProtocol
from candor.web.http.public import Public

__all__ = ["Background", "main", "run", "serve", "worker_app"]
log = structlog.get_logger("candor.runtime")
DIED, WRONG_SETTINGS, NOT_STARTED = 1, 2, 3
"""Exit statuses of a process, as in docs/operations/troubleshooting.md; 0: it was told to stop."""
SOCKET_BYTES = 1024 * 1024
"""The largest message of a websocket: pages send clicks and what was typed."""
S = TypeVar("S", bound=Settings)


def main(kind: type[S], build: Callable[[S], FastAPI]) -> None:
    """Run a service; exit with status 2, and one line per mistake, if it is misconfigured.

    Waits for a database that is not there yet (`start_seconds`) while answering `/livez`.
    """
    settings = load(kind)
    refuse_unreadable_files(settings)
    try:
        app = build(settings)
    except ValueError as error:
        print(f"settings: {one_line(str(error))}", file=sys.stderr)
        raise SystemExit(WRONG_SETTINGS) from None
    serve(settings, app, DatabaseWait(settings))


def serve(settings: Settings, app: FastAPI, waiting: DatabaseWait | None = None) -> None:
    """Run the process until it is stopped; exit with DIED if a part of it died, NOT_STARTED if it could not start."""
    logging.configure(settings.service, settings.log_level)
    tracing.configure(settings.service, settings.otlp_endpoint, settings.trace_ratio)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            status = runner.run(run(settings, app, garbage.settle, waiting))
    finally:
        tracing.shutdown()
    sys.exit(status)


async def run(
    settings: Settings, app: FastAPI, on_started: Callable[[], None] | None = None, waiting: DatabaseWait | None = None
) -> int:
    """Serve in this event loop; return the exit status. `on_started` is called once the process listens.

    SIGTERM or SIGINT: readiness off, a pause for load balancers to notice, requests in flight end (with a deadline),
    backgrounds stop in order, then what `parts` opened is closed. A second signal skips the waiting.
    """
    server = server_for(settings, app)
    server.on_started = on_started
    health: Health = app.state.health
    supervisor: Supervisor = app.state.supervisor
    where = {"host": settings.host, "port": settings.port}
    stopper = _Stopper(server, health, settings.drain_pause_seconds)
    supervisor.on_death = stopper.at_once
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopper.on_signal, signal.Signals(number).name)
    try:
        if waiting is not None and not await waiting.there() and not await _waited(settings, waiting, stopper):
            log.info("stopped")
            return 0
        await server.serve()
    except (SystemExit, StoreUnavailable, UnfitDatabaseError) as error:
        # uvicorn raises SystemExit; if it could not listen, the exception it was handling says why.
        reason = health.not_started or str(error.__context__ if isinstance(error, SystemExit) else error)
        log.critical("could not start", reason=reason, **where)
        return NOT_STARTED
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    if health.dead:
        log.critical("stopped because a part of the process died", parts=sorted(health.dead))
        return DIED
    if health.not_started or not server.started:
        log.critical("could not start", reason=health.not_started, **where)
        return NOT_STARTED
    log.info("stopped")
    return 0


async def _waited(settings: Settings, waiting: DatabaseWait, stopper: _Stopper) -> bool:
    """Return True once the database is there, False if stopped first; StoreUnavailable after the longest wait."""
    server, meanwhile = stopper.server, server_for(settings, waiting.app())
    stopper.server, stopper.pause = meanwhile, 0
    task = asyncio.create_task(waiting.until_there())
    task.add_done_callback(lambda _: setattr(meanwhile, "should_exit", True))
    try:
        await meanwhile.serve()
    finally:
        stopper.server, stopper.pause = server, settings.drain_pause_seconds
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return not stopper.told


def worker_app(
    title: str, settings: Settings, parts: Parts | None = None, checks: Mapping[str, Check] | None = None
) -> FastAPI:
    """Return the app of a process without routes of its own: health and metrics only."""
    return create_app(title, settings, parts, (), checks)


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which is ours; `on_started` is called once it listens."""

    on_started: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        if self.config.host == "::":
            # asyncio would leave IPv4 out, and with it whoever knows this machine by such an address.
            sockets = [await self._on_all_addresses()]
        await super().startup(sockets)
        if self.started and self.on_started is not None:
            self.on_started()

    async def _on_all_addresses(self) -> socket:
        try:
            where = ("::", self.config.port)
            return create_server(where, family=AF_INET6, backlog=self.config.backlog, dualstack_ipv6=True)
        except OSError as error:
            await self.lifespan.shutdown()
            raise SystemExit(1) from error

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def server_for(settings: Settings, app: FastAPI) -> _Server:
    """Return the HTTP server of a process, not yet started."""
    return _Server(_config(settings, app))


class _Stopper:
    """Turns signals and deaths into an orderly end of `server`; `told` is true once a signal has come."""

    def __init__(self, server: uvicorn.Server, health: Health, pause: float) -> None:
        self.server = server
        self.pause = pause
        self._health = health
        self._timer: asyncio.TimerHandle | None = None

    @property
    def told(self) -> bool:
        return self._timer is not None

    def on_signal(self, name: str) -> None:
        if self._timer is not None:
            self.server.force_exit = self.server.should_exit
            self.server.should_exit = True
            return
        log.info("stopping", signal=name, pause_seconds=self.pause)
        self._health.draining = True
        self._timer = asyncio.get_running_loop().call_later(self.pause, self.at_once)

    def at_once(self) -> None:
        self._health.draining = True
        self.server.should_exit = True


def _config(settings: Settings, app: FastAPI) -> uvicorn.Config:
    most = room_for(settings.max_connections)
    if most < settings.max_connections:
        log.warning("fewer connections than set: this process may not open so many files", connections=most)
    believed = Networks(settings.forwarded_allow_ips)

    class Protocol(LimitedProtocol):
        header_seconds = settings.body_seconds
        linger_seconds = settings.linger_seconds
        write_seconds = settings.write_seconds
        held = Connections(most, settings.max_connections_per_address, believed)
        answer_headers = _texts((*safe_headers(settings), (b"content-security-policy", POLICY)))
        public = Public.of(settings.public_url)

    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=Protocol,
        ws=CountedSocket,
        ws_max_size=SOCKET_BYTES,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
        backlog=2048,
    )


def _texts(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in headers]


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return None
    return uvloop.Loop
