"""What every process answers: probes, metrics, problems for what goes wrong inside, traces, the reference."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from candor.ops import metrics
from candor.ops.backgrounds import Background
from candor.runtime import worker_app
from candor.web.app import create_app
from candor.web.http.observed import BOARD_POLICY
from tests.component.web.sample import bearer, sample_app, serving
from tests.support.waiting import until


@asynccontextmanager
async def client(app: FastAPI, role: str | None = "admin") -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app) as port:
        headers = bearer(role) if role else {}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=10) as open_client:
            yield open_client


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Dependency:
    """Something readiness depends on, up or down as a test says."""

    def __init__(self) -> None:
        self.wrong: Exception | None = None
        self.stuck = False
        self.asked = 0

    async def check(self) -> None:
        self.asked += 1
        if self.stuck:
            await asyncio.Event().wait()
        if self.wrong:
            raise self.wrong


async def test_livez_asks_nobody(tmp_path: Path) -> None:
    database = Dependency()
    database.wrong = OSError("away")
    async with client(sample_app(tmp_path, checks={"database": database.check}), None) as http:
        answer = await http.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert database.asked == 0


async def test_readyz_names_what_is_wrong(tmp_path: Path) -> None:
    database, kafka = Dependency(), Dependency()
    kafka.wrong = ConnectionError("no broker at 127.0.0.1:19092")
    app = sample_app(tmp_path, checks={"database": database.check, "kafka": kafka.check})
    async with client(app, None) as http:
        answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.json()["wrong"] == {"kafka": "ConnectionError: no broker at 127.0.0.1:19092"}
    assert int(answer.headers["retry-after"]) >= 1


async def test_readyz_tells_its_reasons_only_from_near(tmp_path: Path) -> None:
    database = Dependency()
    app = sample_app(tmp_path, checks={"database": database.check})
    (tmp_path / "keys.json").write_text("{")
    app.state.keys.look()
    async with client(app, None) as http:
        near = (await http.get("/readyz")).json()
        assert str(tmp_path) in near["degraded"]["secret files"]
        passed_on = await http.get("/readyz", headers={"via": "1.1 proxy"})
        assert (passed_on.status_code, list(passed_on.json()["degraded"])) == (200, ["secret files"])
        assert str(tmp_path) not in passed_on.text
        database.wrong = OSError("no such host: database.internal")
        await until(lambda: _unready(http))
        outside = await http.get("/readyz", headers={"via": "1.1 proxy"})
    assert (outside.status_code, list(outside.json()["wrong"])) == (503, ["database"])
    assert "internal" not in outside.text


async def _unready(http: httpx.AsyncClient) -> bool:
    return (await http.get("/readyz")).status_code == 503


async def test_readyz_comes_back(tmp_path: Path) -> None:
    database = Dependency()
    database.wrong = OSError("away")
    app = sample_app(tmp_path, checks={"database": database.check})
    async with client(app, None) as http:
        assert (await http.get("/readyz")).status_code == 503
        database.wrong = None
        async with asyncio.timeout(10):
            while (await http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - as a prober asks
                await asyncio.sleep(0.1)


async def test_many_probes_ask_a_dependency_once(tmp_path: Path) -> None:
    database = Dependency()
    async with client(sample_app(tmp_path, checks={"database": database.check}), None) as http:
        await asyncio.gather(*(http.get("/readyz") for _ in range(20)))
    assert database.asked < 10


async def test_a_dependency_that_hangs_is_not_ready(tmp_path: Path) -> None:
    database = Dependency()
    database.stuck = True
    app = sample_app(tmp_path, checks={"database": database.check})
    app.state.health.check_seconds = 0.05
    async with client(app, None) as http:
        answer = await http.get("/readyz")
    assert answer.json()["wrong"] == {"database": "no answer within 0.05 s"}


async def test_a_bug_is_a_500_that_tells_nothing_and_is_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with client(sample_app(tmp_path)) as http:
        answer = await http.get("/faulty/bug")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    logged = next(line for line in lines(capsys.readouterr().out) if line["event"] == "request failed, answered 500")
    assert logged["reference"] == problem["reference"]
    assert "RuntimeError" in logged["exception"]
    assert "hunter2" not in str(logged)
    assert "bob@example.com" not in str(logged)


async def test_a_database_away_is_a_503_that_says_when(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path)) as http:
        answer = await http.get("/faulty/store")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert answer.headers["retry-after"] == "3"
    assert "10.0.0.1" not in answer.text


async def test_a_request_without_end_is_given_up(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path, request_seconds=0.1)) as http:
        answer = await http.get("/faulty/slow")
    assert (answer.status_code, answer.json()["code"]) == (503, "took_too_long")


async def test_a_routes_own_timeout_is_a_bug_not_the_limit(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path)) as http:
        assert (await http.get("/faulty/timeout")).json()["code"] == "internal"


async def test_more_than_can_run_at_one_time_is_sent_away_but_probes_are_not(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path, max_running=2, request_seconds=1)) as http:
        slow = [asyncio.create_task(http.get("/faulty/slow")) for _ in range(2)]
        async with asyncio.timeout(10):
            while (await http.get("/v1/things")).json().get("code") != "overloaded":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await http.get("/livez")).status_code == 200
        await asyncio.gather(*slow)
        assert (await http.get("/v1/things")).status_code == 200


async def test_pages_may_have_a_policy_of_their_own(tmp_path: Path) -> None:
    settings = sample_app(tmp_path).state.settings
    app = create_app("Sample", settings, policies={"/board": BOARD_POLICY})
    async with client(app, None) as http:
        board, livez = await http.get("/board/promises"), await http.get("/livez")
    assert board.headers["content-security-policy"] == BOARD_POLICY
    assert livez.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_stream_may_outlast_the_limit(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path, request_seconds=0.2)) as http:
        assert (await http.get("/faulty/stream")).text == "xxxx"


async def test_half_an_answer_is_cut_off_not_finished(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path)) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/faulty/stream-bug")


async def test_a_trace_goes_on_from_the_callers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    body = {"id": "t-1", "due": "2013-03-08T12:00:00Z"}
    async with client(sample_app(tmp_path)) as http:
        inside = (await http.post("/v1/things", json=body, headers=sent)).json()["traceparent"]
    version, same, span, flags = inside.split("-")
    assert (version, same, flags) == ("00", trace, "01")
    assert span != "b7ad6b7169203331"
    line = next(line for line in lines(capsys.readouterr().out) if line["event"] == "request")
    assert line["trace_id"] == trace
    assert (line["route"], line["status"], line["caller"]) == ("/v1/things", 201, "admin")


@pytest.mark.parametrize("header", ["", "00-0-0-0", "nonsense", f"00-{'0' * 32}-b7ad6b7169203331-01", "é"])
async def test_a_broken_trace_begins_anew(tmp_path: Path, header: str) -> None:
    body = {"id": "t-1", "due": "2013-03-08T12:00:00Z"}
    async with client(sample_app(tmp_path)) as http:
        answer = await http.post("/v1/things", json=body, headers={b"traceparent": header.encode()})
    parts = answer.json()["traceparent"].split("-")
    assert [len(part) for part in parts] == [2, 32, 16, 2]
    assert parts[1] != "0" * 32


async def test_metrics_are_by_route_never_by_id(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path)) as http:
        for number in range(5):
            await http.delete(f"/v1/things/secret-{number}")
        await http.get("/no/such/secret-path")
        await http.request("BREW", "/v1/things")
        text = (await http.get("/metrics")).text
    assert 'candor_http_requests_total{method="DELETE",route="/v1/things/{thing_id}",status="404"}' in text
    assert "secret-" not in text
    assert "BREW" not in text


async def test_the_build_is_told_with_the_metrics(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path)) as http:
        text = (await http.get("/metrics")).text
    assert 'candor_build_info{service="sample-svc",version=' in text


async def test_no_request_stays_counted_as_running(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path, request_seconds=0.1)) as http:
        for path in ("/faulty/bug", "/faulty/slow", "/faulty/stream", "/nowhere"):
            await http.get(path)
    assert metrics.REGISTRY.get_sample_value("candor_http_requests_running") == 0


async def test_every_problem_code_can_be_looked_up(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path), None) as http:
        found = await http.get("/problems/stale")
        missing = await http.get("/problems/nothing")
    assert found.json()["status"] == 401
    assert missing.json()["code"] == "not_found"


async def test_query_parameters_are_checked_as_strictly(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path)) as http:
        for limit in ("0", "201", "x", "1.5", ""):
            answer = await http.get(f"/v1/things?limit={limit}")
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
            assert answer.json()["errors"][0]["parameter"] == "limit"
        assert (await http.get("/v1/things?cursor=%00")).json()["errors"][0]["parameter"] == "cursor"


async def test_pages_are_followed_by_their_links(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path)) as http:
        first = await http.get("/v1/things?limit=3")
        second = await http.get(first.links["next"]["url"])
    assert (first.json()["items"], second.json()["items"]) == ([0, 1, 2], [3, 4, 5])


async def test_the_reference_lists_routes_bodies_and_problems(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path), None) as http:
        document = (await http.get("/openapi.json")).json()
        page = await http.get("/docs")
    make = document["paths"]["/v1/things"]["post"]
    schema = make["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"].keys() == {"id", "due"}
    assert make["security"] == [{"apiKey": []}]
    assert "application/problem+json" in make["responses"]["default"]["content"]
    assert "/livez" not in document["paths"]
    assert "/v1/things" in page.text
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_the_reference_can_be_switched_off(tmp_path: Path) -> None:
    async with client(sample_app(tmp_path, docs="off"), None) as http:
        assert (await http.get("/docs")).status_code == 404
        assert (await http.get("/openapi.json")).status_code == 404


async def test_a_worker_answers_probes_only(tmp_path: Path) -> None:
    settings = sample_app(tmp_path).state.settings
    async with client(worker_app("Worker", settings), None) as http:
        found = {path: (await http.get(path)).status_code for path in ("/livez", "/readyz", "/metrics", "/docs", "/")}
    assert found == {"/livez": 200, "/readyz": 200, "/metrics": 200, "/docs": 404, "/": 404}


def test_a_wrong_keys_file_stops_the_app(tmp_path: Path) -> None:
    settings = sample_app(tmp_path).state.settings
    (tmp_path / "keys.json").write_text("[]")
    with pytest.raises(ValueError, match=r"keys\.json"):
        create_app("Sample", settings)


class Recorder:
    """A background that writes down what becomes of it."""

    def __init__(self, name: str, journal: list[str], *, stubborn: bool = False) -> None:
        self.name = name
        self._journal = journal
        self._stubborn = stubborn
        self._stop = asyncio.Event()

    async def run(self) -> None:
        self._journal.append(f"{self.name} runs")
        try:
            await self._stop.wait()
        except asyncio.CancelledError:
            self._journal.append(f"{self.name} cancelled")
            raise
        self._journal.append(f"{self.name} done")

    async def stop(self) -> None:
        self._journal.append(f"{self.name} told")
        if not self._stubborn:
            self._stop.set()


async def test_backgrounds_stop_in_order_before_what_they_use_is_closed(tmp_path: Path) -> None:
    journal: list[str] = []

    @asynccontextmanager
    async def parts(_app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        journal.append("opened")
        yield [Recorder("intake", journal), Recorder("relay", journal)]
        journal.append("closed")

    async with client(sample_app(tmp_path, parts), None) as http:
        await http.get("/livez")
    assert journal == [
        "opened",
        "intake runs",
        "relay runs",
        "intake told",
        "intake done",
        "relay told",
        "relay done",
        "closed",
    ]


async def test_a_background_that_will_not_stop_is_cancelled(tmp_path: Path) -> None:
    journal: list[str] = []

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        app.state.supervisor.stop_seconds = 0.1
        yield [Recorder("stuck", journal, stubborn=True), Recorder("relay", journal)]
        journal.append("closed")

    async with client(sample_app(tmp_path, parts), None) as http:
        await http.get("/livez")
    assert journal[2:] == ["stuck told", "stuck cancelled", "relay told", "relay done", "closed"]


async def test_the_metrics_say_whether_it_is_ready_though_nobody_probes(tmp_path: Path) -> None:
    ready = True

    async def check() -> None:
        if not ready:
            raise OSError("away")

    app = sample_app(tmp_path, checks={"attic": check})
    async with client(app) as http:
        assert "candor_ready 1.0" in (await http.get("/metrics")).text
        ready = False
        app.state.health._asked = float("-inf")
        text = (await http.get("/metrics")).text
    assert "candor_ready 0.0" in text
    assert 'candor_check_failed{check="attic"} 1.0' in text
