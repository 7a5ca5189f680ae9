"""The manifests of deploy/k8s as kustomize makes them, and what they say to a process."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from tools.kube.manifests import K8S
from tools.kube.program import build
from tools.kube.server import Kube

OVERLAYS = ("dev", "production")
NAMESPACES = {"dev": "candor-dev", "production": "candor"}
Manifest = dict[str, Any]


@cache
def text(overlay: str) -> str:
    """What an operator applies: `production`, or `production/migrations`."""
    return Kube(build()).kustomize(K8S / "overlays" / overlay)


def manifests(overlay: str, *kinds: str) -> list[Manifest]:
    """The manifests of an overlay; all, or those of some kinds. Whoever changes one copies it first."""
    return [one for one in _parsed(overlay) if not kinds or one["kind"] in kinds]


@cache
def _parsed(overlay: str) -> tuple[Manifest, ...]:
    return tuple(yaml.safe_load_all(text(overlay)))


def named(overlay: str, kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests(overlay, kind)}


def pods(overlay: str) -> dict[str, Manifest]:
    """The template of every pod that an overlay or its migrations would make, by name."""
    makers = [*manifests(overlay, "Deployment"), *manifests(f"{overlay}/migrations", "Job")]
    return {maker["metadata"]["name"]: maker["spec"]["template"] for maker in makers}


def container(pod: Manifest) -> Manifest:
    [only] = pod["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def environment(overlay: str, pod: Manifest) -> dict[str, str]:
    """The variables that a process sees; a secret's value is its name."""
    maps = named(overlay, "ConfigMap")
    found: dict[str, str] = {}
    for source in container(pod).get("envFrom", ()):
        found |= maps[source["configMapRef"]["name"]]["data"]
    for one in container(pod).get("env", ()):
        found[one["name"]] = one["value"] if "value" in one else one["valueFrom"]["secretKeyRef"]["name"]
    return found


def mounted(pod: Manifest) -> dict[str, tuple[str, str]]:
    """Every file of a secret that a process sees, by path: the secret and its key."""
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    found = {}
    for mount in container(pod)["volumeMounts"]:
        secret = volumes[mount["name"]].get("secret", {})
        for item in secret.get("items", ()):
            found[f"{mount['mountPath']}/{item['path']}"] = (secret["secretName"], item["key"])
    return found


def configured(pod: Manifest) -> dict[str, tuple[str, str]]:
    """Every file of a ConfigMap that a process sees, by path: the map and its key."""
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    found = {}
    for mount in container(pod)["volumeMounts"]:
        given = volumes[mount["name"]].get("configMap", {})
        for item in given.get("items", ()):
            found[f"{mount['mountPath']}/{item['path']}"] = (given["name"], item["key"])
    return found


def secrets(pod: Manifest) -> set[str]:
    """The names of all secrets that a process gets."""
    given = {one["valueFrom"]["secretKeyRef"]["name"] for one in container(pod).get("env", ()) if "valueFrom" in one}
    return given | {name for name, _ in mounted(pod).values()}
