"""The broker's jars, fetched by Maven coordinates and checked against the committed checksums."""

from __future__ import annotations

import fcntl
import hashlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from candor.errors import OperatorError, explain_os_error
from candor.installation.folder import Progress, quiet

_AT_ONCE = 8


@dataclass(frozen=True)
class Jar:
    """One line of the lock file: `group:artifact:version sha256`."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    def path(self, cache: Path) -> Path:
        """Its path in a cache with Maven's layout."""
        return cache.joinpath(*self.group.split("."), self.artifact, self.version, self.name)


Fetch = Callable[[Jar, Path], None]


def parse_lock(text: str) -> list[Jar]:
    """The jars of a lock file, in class path order. Raises OperatorError, naming the line, for an invalid line."""
    jars = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            coordinate, sha256 = line.split()
            group, artifact, version = coordinate.split(":")
            complete = len(bytes.fromhex(sha256)) == hashlib.sha256().digest_size
        except ValueError:
            complete = False
        if not complete:
            raise OperatorError(f"kafka-jars.lock, line {number}: expected group:artifact:version and a SHA-256")
        jars.append(Jar(group, artifact, version, sha256))
    return jars


def committed_jars() -> list[Jar]:
    """The jars that this version of Candor was built and tested with."""
    return parse_lock(files("candor.local").joinpath("kafka-jars.lock").read_text())


def broker_version() -> str:
    """The version of Kafka among the committed jars."""
    return next(jar.version for jar in committed_jars() if jar.artifact.startswith("kafka_"))


def fetch_by_coordinates(jar: Jar, cache: Path) -> None:
    """Downloads one jar into `cache`; raises OperatorError if that fails."""
    from jgo.maven import MavenContext  # noqa: PLC0415 - slow to import, and needed on the first run only

    logging.getLogger("jgo").setLevel(logging.ERROR)
    try:
        project = MavenContext(repo_cache=cache, timeout=60).project(jar.group, jar.artifact)
        project.at_version(jar.version).artifact().resolve()
    except OSError as error:
        # The HTTP client's errors are OSErrors without an errno; a full disk has one.
        if error.errno is None:
            raise _unreachable(jar, error) from error
        raise explain_os_error(error, cache) from error
    except (RuntimeError, ValueError, AssertionError) as error:
        raise _unreachable(jar, error) from error


def ensure_jars(
    cache: Path, jars: list[Jar], progress: Progress = quiet, fetch: Fetch = fetch_by_coordinates
) -> list[Path]:
    """The paths of all jars, fetched if missing; raises OperatorError if one does not match the lock file."""
    with _one_at_a_time(cache):
        wrong = [jar for jar in jars if not _matches(jar, cache)]
        if wrong:
            progress(f"fetching {len(wrong)} of {len(jars)} jars of the Kafka broker (45 MB in all, once)")
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                try:
                    fetched = pool.map(lambda jar: _replace(jar, cache, fetch), wrong)
                    for done, (jar, _) in enumerate(zip(wrong, fetched, strict=True), 1):
                        progress(f"jar {done} of {len(wrong)}: {jar.name}")
                except BaseException:
                    # The progress callback raises when the start is stopped: the other jars are not needed then.
                    pool.shutdown(cancel_futures=True)
                    raise
    return [jar.path(cache) for jar in jars]


def _replace(jar: Jar, cache: Path, fetch: Fetch) -> None:
    path = jar.path(cache)
    path.unlink(missing_ok=True)  # half written by a killed run, or changed
    fetch(jar, cache)
    if not _matches(jar, cache):
        path.rename(path.with_suffix(".refused"))
        raise OperatorError(f"{jar.name} is not the file that kafka-jars.lock names (SHA-256 differs): it is not run")


def _unreachable(jar: Jar, error: Exception) -> OperatorError:
    reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
    return OperatorError(f"cannot fetch {jar.group}:{jar.artifact}:{jar.version}: {reason}; is the network there?")


def _matches(jar: Jar, cache: Path) -> bool:
    try:
        with jar.path(cache).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    # Two runs on a fresh machine must not write the same file at the same time.
    try:
        with (cache / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise explain_os_error(error, cache) from error
