"""A real Prometheus beside running processes, with the configuration and rules of deploy/prometheus."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import yaml

from candor.errors import OperatorError
from candor.installation.addresses import HOST
from candor.local.ports import choose_port
from candor.local.process import ManagedProcess
from tools.grafana.panels import RULES

SCRAPE: Final = "1s"
LIMIT: Final = "1s"
"""Prometheus gives up a query after this time, and says so."""
START_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Series:
    """One series of an answer: its labels, and times with values, those that are no number left out."""

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Prometheus:
    """The API of a running Prometheus."""

    def __init__(self, url: str, rate: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self._rate = rate

    def ready(self) -> bool:
        """Whether it answers questions."""
        try:
            return self._http.get("/-/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def over(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """Return what a panel over this time would get."""
        found = self._ask("query_range", query=self.filled(expr), start=start, end=end, step=step, timeout=LIMIT)
        return [_series(one["metric"], one["values"]) for one in found["result"]]

    def at(self, expr: str, when: float | None = None) -> list[Series]:
        """Return what a panel that shows one moment would get; without `when` now."""
        moment = {} if when is None else {"time": when}
        found = self._ask("query", query=self.filled(expr), timeout=LIMIT, **moment)
        return [_series(one["metric"], [one["value"]]) for one in found["result"]]

    def known(self, match: str) -> list[dict[str, str]]:
        """Return the labels of every series that matches."""
        found: list[dict[str, str]] = self._ask("series", **{"match[]": match})
        return found

    def filled(self, expr: str) -> str:
        """Fill in what Grafana fills in."""
        return expr.replace("$__rate_interval", self._rate)

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def _ask(self, what: str, **asked: Any) -> Any:
        answer = self._http.get(f"/api/v1/{what}", params=asked).json()
        if answer["status"] != "success":
            raise ValueError(f"Prometheus refused {asked.get('query', what)!r}: {answer['error']}")
        return answer["data"]


@contextmanager
def watching(folder: Path, urls: Mapping[str, str], rate: str) -> Iterator[Prometheus]:
    """Prometheus in `folder`, reading the processes at `urls` every second; `rate` is what $__rate_interval is."""
    program = shutil.which("prometheus")
    if program is None:
        raise OperatorError("prometheus is missing: it is in Debian's package of that name, and .ci/run unpacks it")
    configure(folder, urls)
    address = f"{HOST}:{choose_port(None, 'prometheus')}"
    process = ManagedProcess("prometheus", folder / "prometheus.json", folder / "prometheus.log")
    answers = Prometheus(f"http://{address}", rate)
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        f"--query.timeout={LIMIT}",
        "--log.level=warn",
    ]
    process.start(command)
    try:
        process.wait_until(answers.ready, START_SECONDS)
        yield answers
    finally:
        process.stop()
        answers.close()


def configure(folder: Path, urls: Mapping[str, str]) -> None:
    """Write deploy/prometheus as it is, but with the addresses of this run, and everything every second."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = yaml.safe_load((RULES / "prometheus.yml").read_text())
    whole["global"] = {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE}
    for job in whole["scrape_configs"]:
        job["static_configs"] = [{"targets": [urlsplit(urls[job["job_name"]]).netloc]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(whole))
    for name in whole["rule_files"]:
        rules = yaml.safe_load((RULES / name).read_text())
        for group in rules["groups"]:
            group.pop("interval", None)
        (folder / name).write_text(yaml.safe_dump(rules))


def _series(labels: dict[str, str], values: Sequence[Sequence[Any]]) -> Series:
    points = [(float(when), float(value)) for when, value in values]
    return Series(labels, [(when, value) for when, value in points if math.isfinite(value)])
