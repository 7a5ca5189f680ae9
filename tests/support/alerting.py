"""A real Prometheus and a real Alertmanager, and a thing that they watch: alerts that fire when a test says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import yaml

from candor.installation.addresses import HOST
from candor.local.ports import choose_port
from candor.local.process import ManagedProcess

EVERY = "1s"
START_SECONDS = 30.0


@dataclass
class Watched:
    """Shops that a test breaks and mends; each is one series of the metric `shop_broken`."""

    broken: dict[str, bool] = field(default_factory=dict)

    def exposition(self) -> bytes:
        """What Prometheus reads."""
        lines = [f'shop_broken{{instance="{name}"}} {int(broken)}' for name, broken in sorted(self.broken.items())]
        return ("# TYPE shop_broken gauge\n" + "\n".join(lines) + "\n").encode()


@dataclass(frozen=True)
class Alerts:
    """The API of a running Alertmanager."""

    http: httpx.Client

    def firing(self) -> set[str]:
        """The instances of its active alerts."""
        return {one["labels"]["instance"] for one in self.http.get("/api/v2/alerts").json()}

    def sent(self, what: str = "alertmanager_notifications_total") -> float:
        """How many notifications went to webhooks, or failed, so far."""
        lines = self.http.get("/metrics").text.splitlines()
        return sum(
            float(line.rpartition(" ")[2]) for line in lines if line.startswith(f'{what}{{integration="webhook"')
        )


@contextmanager
def alerting(
    folder: Path, watched: Watched, labels: Mapping[str, str], receiver: Mapping[str, Any]
) -> Iterator[Alerts]:
    """Prometheus with one rule over what is watched, and Alertmanager, which tells `receiver` in groups by service."""
    folder.mkdir(parents=True)
    alertmanager, prometheus = (f"{HOST}:{choose_port(None, name)}" for name in ("alertmanager", "prometheus"))
    with shown(watched) as target, httpx.Client(base_url=f"http://{alertmanager}", trust_env=False) as http:
        _alertmanager_files(folder, receiver)
        _prometheus_files(folder, labels, alertmanager, target)
        programs = {
            "prometheus-alertmanager": [
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alerts'}",
                f"--web.listen-address={alertmanager}",
                "--cluster.listen-address=",
            ],
            "prometheus": [
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={prometheus}",
            ],
        }
        processes = [_started(folder, name, options) for name, options in programs.items()]
        try:
            for process, address in zip(processes, (alertmanager, prometheus), strict=True):
                process.wait_until(lambda address=address: _ready(address), START_SECONDS)  # type: ignore[misc]
            yield Alerts(http)
        finally:
            for process in processes:
                process.stop()


@contextmanager
def shown(watched: Watched) -> Iterator[str]:
    """The address of a page with the metric."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(watched.exposition())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer((HOST, 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()


def _started(folder: Path, name: str, options: list[str]) -> ManagedProcess:
    program = shutil.which(name)
    assert program is not None, f"{name} is missing"
    process = ManagedProcess(name, folder / f"{name}.json", folder / f"{name}.log")
    process.start([program, *options])
    return process


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/-/ready", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _alertmanager_files(folder: Path, receiver: Mapping[str, Any]) -> None:
    route = {"receiver": "candor", "group_by": ["service"], "group_wait": EVERY, "group_interval": EVERY}
    whole = {
        "route": {**route, "repeat_interval": "2s"},
        "receivers": [{"name": "candor", "webhook_configs": [{"send_resolved": True, **receiver}]}],
    }
    (folder / "alertmanager.yml").write_text(json.dumps(whole))


def _prometheus_files(folder: Path, labels: Mapping[str, str], alertmanager: str, target: str) -> None:
    rule = {
        "alert": "ShopBroken",
        "expr": "shop_broken == 1",
        "labels": dict(labels),
        "annotations": {"summary": "Shop {{ $labels.instance }} is broken"},
    }
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "shops", "rules": [rule]}]}))
    whole = {
        "global": {"scrape_interval": EVERY, "evaluation_interval": EVERY},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [{"job_name": "shops", "honor_labels": True, "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(whole))
