"""The demo's stage: a fresh folder each time, never somebody else's, and a clock that waits."""

import fcntl
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from candor.errors import OperatorError
from candor.ops.clock import HeldClock, parse_clock
from candor.web.security.auth import parse_keys
from candor_demo.stage import bearable_speed, clock_setting, early_setting, own_names, prepare, usual_speed
from tests.support.clocks import ManualClock
from tests.support.tiny_day import tiny_day


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CANDOR_HOME", str(tmp_path))
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_what_an_earlier_demo_left_is_swept_and_nothing_else(root: Path) -> None:
    for name in ("data/postgres", "demo/data/postgres", "demo/imports", "demo/run"):
        (root / name).mkdir(parents=True)
        (root / name / "left").write_text("over")
    (root / "demo" / "run" / "clock-origin").write_text("2026-01-01T00:00:00+00:00")
    stage = prepare(tiny_day(), 1000, print)
    assert not (root / "demo" / "data" / "postgres").exists()
    assert not (root / "demo" / "imports" / "left").exists()
    assert not stage.origin_file.exists(), "an old origin would start the clock at once"
    assert (root / "data" / "postgres" / "left").exists(), "the data of `candor up` are not the demo's"


def test_a_running_demo_keeps_its_files(root: Path) -> None:
    prepare(tiny_day(), 1000, print)
    kept = root / "demo" / "data" / "kept"
    kept.write_text("in use")
    with (root / "demo" / "run" / "stack.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OperatorError, match="already running"):
            prepare(tiny_day(), 1000, print)
    assert kept.exists()


def test_every_service_gets_the_clock_and_the_key_opens_them(root: Path) -> None:
    day = tiny_day()
    stage = prepare(day, 1000, print)
    for service in stage.stack.services:
        stage.stack.urls[service.name] = "http://127.0.0.1:9000"
        environment = stage.stack.environment(service)
        assert environment["CLOCK"] == clock_setting(day.starts, 1000)
        assert environment["CLOCK_ORIGIN_FILE"] == str(stage.origin_file)
        assert "TOPIC_PREFIX" not in environment
    assert parse_keys(stage.stack.secrets.api_keys.read_bytes())
    assert oct(stage.stack.secrets.api_keys.stat().st_mode & 0o777) == oct(0o600)


def test_beginning_names_the_origin_and_the_speed_for_everybody(root: Path) -> None:
    day = tiny_day()
    stage = prepare(day, 1000, print)
    services = parse_clock(clock_setting(day.starts, 1000), None, stage.origin_file)
    assert services.now() == day.starts
    before = datetime.now(UTC)
    paced = stage.begin(400)
    assert paced.speed == 400
    named = datetime.fromisoformat(stage.origin_file.read_text().split()[0])
    assert before < named < datetime.now(UTC) + timedelta(seconds=1)
    assert paced.clock.now() >= day.starts


def test_the_clock_stops_when_the_day_is_over(root: Path) -> None:
    day = tiny_day()
    stage = prepare(day, 1000, print)
    stage.begin(1000)
    system = ManualClock(datetime.now(UTC) + timedelta(days=1))
    late = [HeldClock(day.starts, 1000, stage.origin_file, system) for _ in range(2)]
    assert [clock.now() for clock in late] == [day.ends, day.ends]


def test_announced_updates_are_written_as_much_sooner_as_the_clock_is_faster(root: Path) -> None:
    assert [early_setting(speed) for speed in (1, 240, 100_000)] == ["5.0", "10.0", "45.0"]
    stage = prepare(tiny_day(), 240, print)
    notify = next(service for service in stage.stack.services if service.name == "notify-svc")
    for service in stage.stack.services:
        stage.stack.urls[service.name] = "http://127.0.0.1:9000"
    assert stage.stack.environment(notify)["UPDATE_EARLY_MINUTES"] == "10.0"


@pytest.mark.parametrize(
    ("events", "seconds", "speed"),
    [(40_000, 10, 1000), (40_000, 20, 1000), (40_000, 40, 500), (40_000, 4000, 150), (100, 400, 1000), (9000, 0, 1000)],
)
def test_a_slow_machine_replays_more_slowly(events: int, seconds: float, speed: float) -> None:
    assert bearable_speed(1000, events, seconds) == speed


def test_on_somebody_elses_servers_names_are_our_own() -> None:
    assert own_names({}, "ab12") == {}
    assert own_names(dict.fromkeys(os.environ, ""), "ab12") == {}
    found = own_names({"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "DATABASE_URL": "postgresql://db/"}, "ab12")
    assert found == {"TOPIC_PREFIX": "candor-demo-ab12", "DATABASE_PREFIX": "candor_demo_ab12"}


def test_the_usual_speed_ends_the_day_in_about_two_minutes() -> None:
    day = tiny_day()
    seconds = (day.ends - day.starts).total_seconds() / usual_speed(day)
    assert seconds == pytest.approx(110, rel=0.01)
    assert clock_setting(day.starts, 1300) == f"{day.starts:%Y-%m-%dT%H:%M:%S}Z@1300"
