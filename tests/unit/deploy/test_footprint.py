"""What a process may take on Kubernetes rests on what it took when it was measured."""

from __future__ import annotations

import json

import yaml

from tools.install import ROOT
from tools.kube.manifests import K8S, account, processes


def mebibytes(said: str) -> float:
    units = {"Mi": 1.0, "Gi": 1024.0}
    return float(said[:-2]) * units[said[-2:]]


def test_memory_rests_on_what_was_measured() -> None:
    measured = json.loads((ROOT / "bench/results/footprint.json").read_text())["processes"]
    assert {*measured} == {account(process) for process in processes()}
    for name, figures in measured.items():
        maker = next(yaml.safe_load_all((K8S / "base" / f"{name}.yaml").read_text()))
        [container] = maker["spec"]["template"]["spec"]["containers"]
        resources = container["resources"]
        assert mebibytes(resources["requests"]["memory"]) > figures["RSS MiB"], name
        assert mebibytes(resources["limits"]["memory"]) >= 2 * figures["RSS MiB"], name
