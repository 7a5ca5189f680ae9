"""Writes the manifests that follow from something else in the repository, so that nobody copies them by hand.

python -m tools.kube.manifests

Topics and users of Kafka follow from the topic cards, Prometheus's rules from deploy/prometheus; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from candor.contracts import CARDS, TopicCard
from candor.contracts.topics import GROUPS
from tools.install import ROOT

K8S: Final = ROOT / "deploy" / "k8s"
RULES: Final = ROOT / "deploy" / "prometheus"
PREFIX: Final = "candor"
CLUSTER: Final = {"strimzi.io/cluster": "candor"}
MADE: Final = "# Made by `python -m tools.kube.manifests` from {}: change that, not this.\n"
DAY_MS: Final = 86_400_000
KEDA: Final = "keda"


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes several lines as several lines."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def main() -> None:
    """Write every file, and delete rules whose source is gone."""
    files = generated()
    for old in (K8S / "components/monitoring/rules").glob("*.yaml"):
        if old not in files:
            old.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def generated() -> dict[Path, str]:
    """Return every generated file with its text."""
    kafka, cards = K8S / "components/kafka", "the topic cards (candor.contracts.topics)"
    files = {
        kafka / "topics.yaml": _text(cards, [topic(card, partitions()) for card in CARDS]),
        kafka / "users.yaml": _text(cards, users()),
    }
    folder = K8S / "components/monitoring/rules"
    # Beside them lie their tests, and an example of what scrapes us.
    sources = [path for path in sorted(RULES.glob("*.yml")) if "groups" in yaml.safe_load(path.read_text())]
    for source in sources:
        files[folder / f"{source.stem}.yaml"] = _text(f"deploy/prometheus/{source.name}", [rule(source)])
    listed = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{source.stem}.yaml" for source in sources],
    }
    return files | {folder / "kustomization.yaml": _text("deploy/prometheus", [listed])}


def partitions() -> int:
    """How many partitions the shared topics have, as the services are told."""
    lines = (K8S / "base/settings.env").read_text().splitlines()
    return int(next(line.partition("=")[2] for line in lines if line.startswith("PARTITIONS=")))


def topic(card: TopicCard, shared: int) -> dict[str, Any]:
    """Return a card's topic. How often it is replicated is the cluster's affair: one broker here, three there."""
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": f"{PREFIX}-{card.name}", "labels": CLUSTER},
        "spec": {
            "partitions": shared if card.shared_layout else 1,
            "config": {"cleanup.policy": "delete", "retention.ms": card.retention_days * DAY_MS},
        },
    }


def account(process: str) -> str:
    """Return the name that a process has in Kubernetes and in Kafka: `risk-worker` for `risk-svc worker`."""
    service, _, role = process.partition(" ")
    return f"{service.removesuffix('-svc')}-{role}" if role else service


def processes() -> list[str]:
    """Return every process that any card names, in their order."""
    return list(dict.fromkeys(name for card in CARDS for name in (*card.writers, *card.readers)))


def users() -> Iterator[dict[str, Any]]:
    """Yield a user for each process, allowed what its cards say, and one that may only see how far groups have read."""
    for process in processes():
        # Each process looks at its start whether all topics are laid out as the cards say.
        rules = [_allow("topic", f"{PREFIX}-", "Describe", pattern="prefix")]
        for card in CARDS:
            operations = [name for name, who in (("Write", card.writers), ("Read", card.readers)) if process in who]
            rules += [_allow("topic", f"{PREFIX}-{card.name}", *operations)] if operations else []
        rules += [_allow("group", GROUPS[process], "Read")] if process in GROUPS else []
        yield _user(account(process), rules)
    groups = [_allow("group", group, "Describe") for group in GROUPS.values()]
    yield _user(KEDA, [_allow("topic", f"{PREFIX}-", "Describe", pattern="prefix"), *groups])


def rule(source: Path) -> dict[str, Any]:
    """Return a file of rules as the Prometheus operator takes it."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        # Kubernetes refuses a name with an underscore.
        "metadata": {"name": f"{PREFIX}-{source.stem.replace('_', '-')}"},
        "spec": {"groups": yaml.safe_load(source.read_text())["groups"]},
    }


def _allow(kind: str, name: str, *operations: str, pattern: str = "literal") -> dict[str, Any]:
    return {"resource": {"type": kind, "name": name, "patternType": pattern}, "operations": [*operations]}


def _user(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": {"name": name, "labels": CLUSTER},
        "spec": {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": rules}},
    }


def _text(source: str, manifests: Iterable[dict[str, Any]]) -> str:
    # One after the other: YAML's anchors for what occurs twice would be hard to read.
    bodies = [yaml.dump(one, Dumper=_Dumper, sort_keys=False, width=160, allow_unicode=True) for one in manifests]
    return MADE.format(source) + "---\n".join(bodies)


if __name__ == "__main__":
    main()
