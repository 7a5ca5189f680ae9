"""The broker's jars are what the lock file says, or are not run."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.errors import OperatorError
from candor.local.jars import Fetch, Jar, broker_version, committed_jars, ensure_jars, parse_lock

words = st.from_regex(r"[a-z][a-z0-9.-]{0,12}", fullmatch=True)
jars = st.builds(Jar, words, words, words, st.binary(min_size=32, max_size=32).map(bytes.hex))


def jar_in(cache: Path, content: bytes, sha256: str | None = None) -> Jar:
    jar = Jar("org.example", "broker", "1.0", sha256 or hashlib.sha256(content).hexdigest())
    jar.path(cache).parent.mkdir(parents=True, exist_ok=True)
    jar.path(cache).write_bytes(content)
    return jar


@given(st.lists(jars, max_size=8))
def test_a_lock_file_is_read_as_written(wanted: list[Jar]) -> None:
    lines = [f"{jar.group}:{jar.artifact}:{jar.version} {jar.sha256}" for jar in wanted]
    assert parse_lock("# comment\n\n" + "\n".join(lines)) == wanted


@pytest.mark.parametrize("line", ["a:b:1", "a:b " + "0" * 64, "a:b:1 " + "0" * 62, "a:b:1 " + "z" * 64, "a:b:1 x y"])
def test_a_wrong_line_is_named(line: str) -> None:
    with pytest.raises(OperatorError, match=r"kafka-jars.lock, line 2"):
        parse_lock(f"# first\n{line}\n")


def test_the_committed_lock_names_the_broker_and_every_jar_once() -> None:
    wanted = committed_jars()
    coordinates = {(jar.group, jar.artifact) for jar in wanted}
    assert ("org.apache.kafka", "kafka_2.13") in coordinates
    assert len(coordinates) == len(wanted)
    assert {jar.version for jar in wanted if jar.group == "org.apache.kafka"} == {broker_version()}


def test_jars_that_are_here_are_checked_and_not_fetched(tmp_path: Path) -> None:
    said: list[str] = []
    jar = jar_in(tmp_path, b"good")
    assert ensure_jars(tmp_path, [jar], said.append) == [jar.path(tmp_path)]
    assert said == []


def fetching(content: bytes) -> Fetch:
    def fetch(jar: Jar, cache: Path) -> None:
        assert not jar.path(cache).exists()
        jar.path(cache).parent.mkdir(parents=True, exist_ok=True)
        jar.path(cache).write_bytes(content)

    return fetch


@pytest.mark.parametrize("here", [b"go", b"evil", None])
def test_a_missing_half_written_or_changed_jar_is_fetched_again(tmp_path: Path, here: bytes | None) -> None:
    good, said = jar_in(tmp_path, b"good"), list[str]()
    good.path(tmp_path).unlink() if here is None else good.path(tmp_path).write_bytes(here)
    (path,) = ensure_jars(tmp_path, [good], said.append, fetching(b"good"))
    assert path.read_bytes() == b"good"
    assert said[0] == "fetching 1 of 1 jars of the Kafka broker (45 MB in all, once)"


def test_a_fetched_jar_that_is_not_the_locked_one_is_refused_and_put_aside(tmp_path: Path) -> None:
    jar = Jar("org.example", "broker", "1.0", hashlib.sha256(b"good").hexdigest())
    for _ in range(2):
        with pytest.raises(OperatorError, match=r"broker-1.0.jar is not the file that kafka-jars.lock names"):
            ensure_jars(tmp_path, [jar], fetch=fetching(b"evil"))
        assert not jar.path(tmp_path).exists()


def test_two_runs_on_a_fresh_machine_do_not_fetch_one_jar_together(tmp_path: Path) -> None:
    jar = Jar("org.example", "broker", "1.0", hashlib.sha256(b"good").hexdigest())
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: ensure_jars(tmp_path, [jar], fetch=fetching(b"good")), range(4)))
    assert paths == [[jar.path(tmp_path)]] * 4
