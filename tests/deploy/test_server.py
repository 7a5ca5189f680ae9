"""What a real Kubernetes API server says to the manifests: all of it taken, twice, and mistakes refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.support.overlays import NAMESPACES, OVERLAYS, Manifest, manifests, pods, text
from tools.kube.server import Kube

pytestmark = [pytest.mark.kube, pytest.mark.timeout(600)]
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def taken(kube: Kube, manifests: str) -> list[str]:
    answer = kube.apply(manifests)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    return answer.stdout.splitlines()


def versions(kube: Kube, part: str) -> list[str]:
    """What the server holds of each manifest, by its version: another one if anything was changed."""
    each = '{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}'
    return kube("get", "-f", "-", "-o", f"jsonpath={each}", given=text(part)).stdout.splitlines()


def a_pod(overlay: str, wanted: str = "promise-svc") -> Manifest:
    template = pods(overlay)[wanted]
    metadata = {"name": f"try-{wanted}", "namespace": NAMESPACES[overlay], "labels": template["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy.deepcopy(template["spec"])}


@each_overlay
def test_an_overlay_is_taken_whole_and_a_second_time_nothing_changes(kube: Kube, overlay: str) -> None:
    for part in (overlay, f"{overlay}/migrations"):
        first = taken(kube, text(part))
        assert len(first) == len(manifests(part))
        assert {line.rpartition(" ")[2] for line in first} <= {"created", "configured"}
        before = versions(kube, part)
        assert len(before) == len(first)
        # kubectl says "configured" wherever it sends a list again, so the server is asked whether anything changed.
        taken(kube, text(part))
        assert versions(kube, part) == before


@each_overlay
def test_every_pod_would_be_let_in(kube: Kube, overlay: str) -> None:
    taken(kube, text(overlay))
    taken(kube, text(f"{overlay}/migrations"))
    for name in pods(overlay):
        answer = kube.apply(yaml.safe_dump(a_pod(overlay, name)), "--dry-run=server")
        assert answer.returncode == 0, answer.stderr


def as_root(pod: Manifest) -> None:
    pod["spec"]["securityContext"]["runAsNonRoot"] = False


def privileged(pod: Manifest) -> None:
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True


def with_capabilities(pod: Manifest) -> None:
    del pod["spec"]["containers"][0]["securityContext"]["capabilities"]


def unconfined(pod: Manifest) -> None:
    pod["spec"]["securityContext"]["seccompProfile"] = {"type": "Unconfined"}


def with_a_path_of_its_node(pod: Manifest) -> None:
    pod["spec"]["volumes"].append({"name": "node", "hostPath": {"path": "/var"}})


@pytest.mark.parametrize("change", [as_root, privileged, with_capabilities, unconfined, with_a_path_of_its_node])
def test_a_pod_that_is_not_restricted_is_refused(kube: Kube, change: Callable[[Manifest], None]) -> None:
    taken(kube, text("production"))
    pod = a_pod("production")
    change(pod)
    answer = kube.apply(yaml.safe_dump(pod), "--dry-run=server")
    assert answer.returncode != 0
    assert 'violates PodSecurity "restricted:latest"' in answer.stderr


def misspelt(kind: str, *path: str | int) -> Any:
    return pytest.param(kind, path, id=f"{kind}-{path[-1]}")


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        misspelt("Deployment", "spec", "template", "spec", "containers", 0, "readinessProbe"),
        misspelt("NetworkPolicy", "spec", "podSelector"),
        misspelt("Kafka", "spec", "kafka", "authorization"),
        misspelt("KafkaUser", "spec", "authorization", "acls", 0, "operations"),
        misspelt("KafkaTopic", "spec", "partitions"),
        misspelt("KafkaNodePool", "spec", "roles"),
        misspelt("Cluster", "spec", "postgresql", "synchronous"),
        misspelt("Database", "spec", "owner"),
        misspelt("ScheduledBackup", "spec", "schedule"),
        misspelt("ObjectStore", "spec", "retentionPolicy"),
        misspelt("ScaledObject", "spec", "maxReplicaCount"),
        misspelt("ServiceMonitor", "spec", "jobLabel"),
        misspelt("PrometheusRule", "spec", "groups", 0, "rules"),
        misspelt("ExternalSecret", "spec", "secretStoreRef"),
    ],
)
def test_a_misspelt_field_is_refused(kube: Kube, kind: str, path: tuple[str | int, ...]) -> None:
    taken(kube, text("production"))
    manifest = copy.deepcopy(manifests("production", kind)[0])
    inner: Any = manifest
    for step in path[:-1]:
        inner = inner[step]
    inner[f"{path[-1]}s"] = inner.pop(path[-1])
    answer = kube.apply(yaml.safe_dump(manifest), "--dry-run=server")
    assert answer.returncode != 0
    assert f'{path[-1]}s"' in answer.stderr
