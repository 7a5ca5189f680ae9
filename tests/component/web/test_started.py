"""What is done once a process is up: not before it listens, and not if it cannot."""

import asyncio
import contextlib
import gc
from pathlib import Path

from candor.runtime import server_for
from tests.component.web.sample import sample_app, serving


async def test_called_once_it_listens(tmp_path: Path) -> None:
    app = sample_app(tmp_path)
    server = server_for(app.state.settings, app)
    seen: list[bool] = []
    server.on_started = lambda: seen.append(server.started and bool(server.servers))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    server.should_exit = True
    await task
    assert seen == [True]


async def test_not_called_where_the_port_is_taken(tmp_path: Path) -> None:
    app = sample_app(tmp_path)
    async with serving(app) as port:
        second = sample_app(tmp_path, port=port)
        server = server_for(second.state.settings, second)
        seen: list[int] = []
        server.on_started = lambda: seen.append(1)
        with contextlib.suppress(SystemExit):
            await server.serve()
    assert not seen


async def test_a_server_in_a_test_leaves_the_collector_alone(tmp_path: Path) -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    async with serving(sample_app(tmp_path)):
        assert (gc.get_threshold(), gc.get_freeze_count()) == before
