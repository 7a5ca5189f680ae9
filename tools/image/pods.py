"""What Kubernetes would start and how narrowly: read from the manifests in deploy/k8s/base."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from candor.local.stack import SERVICES

PROCESSES: Final = tuple(service.name for service in SERVICES)
_UNITS: Final = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


class PodError(Exception):
    """A manifest asks for less than the check can hold a process to."""


@dataclass(frozen=True)
class Pod:
    """A process as its Deployment has it: `writable` folders with their sizes, `files` that settings `…_FILE` name."""

    name: str
    command: tuple[str, ...]
    uid: int
    gid: int
    memory: int
    writable: dict[str, int]
    mounted: tuple[str, ...]
    files: dict[str, str]


def size(text: str) -> int:
    """A quantity of Kubernetes (`512Mi`) in bytes."""
    return int(text[:-2]) * _UNITS[text[-2:]] if text[-2:] in _UNITS else int(text)


def read(root: Path) -> dict[str, Pod]:
    """The Pods of our seven processes. Raises PodError if one is not restricted."""
    base = root / "deploy/k8s/base"
    every = _deployment(base / "every-pod.yaml")
    settings = dict(
        line.partition("=")[::2] for line in (base / "settings.env").read_text().splitlines() if line[:1] not in "#"
    )
    return {name: _pod(name, every, _deployment(base / f"{name}.yaml"), settings) for name in PROCESSES}


def _deployment(file: Path) -> dict[str, Any]:
    for document in yaml.safe_load_all(file.read_text()):
        if document["kind"] == "Deployment":
            spec: dict[str, Any] = document["spec"]["template"]["spec"]
            return spec
    raise PodError(f"{file.name} has no Deployment")


def _pod(name: str, every: dict[str, Any], own: dict[str, Any], settings: dict[str, str]) -> Pod:
    common, container = every["containers"][0], own["containers"][0]
    security = {**common["securityContext"], **container.get("securityContext", {})}
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    if security != wanted or not every["securityContext"]["runAsNonRoot"]:
        raise PodError(f"{name} is not restricted: its securityContext is {security}")
    volumes = {one["name"]: one for one in (*every["volumes"], *own.get("volumes", ()))}
    mounts = {one["mountPath"]: volumes[one["name"]] for one in (*common["volumeMounts"], *container["volumeMounts"])}
    values = {**settings, **{one["name"]: one.get("value", "") for one in container.get("env", ())}}
    return Pod(
        name=name,
        command=tuple(container["command"]),
        uid=every["securityContext"]["runAsUser"],
        gid=every["securityContext"]["runAsGroup"],
        memory=size(container["resources"]["limits"]["memory"]),
        writable={path: size(one["emptyDir"]["sizeLimit"]) for path, one in mounts.items() if "emptyDir" in one},
        mounted=tuple(path for path, one in mounts.items() if "secret" in one),
        files={key: value for key, value in values.items() if key.endswith("_FILE") and not key.startswith("KAFKA_")},
    )
