"""A service killed under `candor up`: said once with its last words, up again at its address, seen in `status`."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from candor.installation.folder import Folder
from candor.installation.running import health, read_running
from candor.local.restarts import Restarts
from candor.local.stack import SERVICES, Stack
from candor.local.stopping import stop_running
from tests.support.servers import own_folder

PROMISES = [service for service in SERVICES if service.name == "promise-svc"]


@pytest.fixture
def folder() -> Iterator[Folder]:
    with own_folder("supervised") as made:
        yield made
        stop_running(made)


def test_a_killed_service_comes_back_where_it_was(
    folder: Folder, kafka: str, postgres: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, user = postgres.rpartition("@")[2].strip("/"), postgres.rpartition("@")[0]
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("DATABASE_URL", postgres)
    names = {"TOPIC_PREFIX": topic_prefix, "DATABASE_PREFIX": topic_prefix}
    stack, said = Stack(folder, services=PROMISES, env=names, usual_ports=False), list[str]()
    stack.start()
    try:
        restarts = Restarts(stack, said.append)
        url, killed = stack.urls["promise-svc"], stack.processes["promise-svc"].pid
        restarts.look(0)
        assert said == []
        stack.processes["promise-svc"].kill()
        restarts.look(1)
        restarts.look(1.5)
        assert len(said) == 1
        assert "promise-svc ended by itself; starting it again in 1 s" in said[0]
        assert "killed by signal 9" in said[0]
        assert "  | {" in said[0], "the last lines of its log"
        restarts.look(2)
        stack.wait_ready("promise-svc")
        assert httpx.get(f"{url}/livez", trust_env=False).status_code == 200
        running = read_running(folder)
        assert running is not None
        (place,) = [one for one in running.places if one.name == "promise-svc"]
        assert (place.address, place.restarts, health(place)) == (url, 1, "ready")
        assert place.pid != killed
        shown = (folder.run / "stack.json").read_text()
        assert host in shown
        assert user.rpartition(":")[2] not in shown, "a password never gets there"
    finally:
        stack.stop()
