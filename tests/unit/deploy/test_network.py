"""Who may reach what, in the manifests as they are written: no whole namespace, no address inside, nobody believed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from candor.local.postgres import binaries

ROOT = Path(__file__).parents[3]
K8S = ROOT / "deploy/k8s"
INSIDE = ("10.96.0.1", "172.16.0.9", "192.168.1.1", "100.64.0.9", "127.0.0.1", "fd12::1", "::1")
CREDENTIALS = ("169.254.169.254", "fe80::a9fe:a9fe", "fd00:ec2::254")
"""Where clouds give a machine's credentials to whoever asks."""


def manifests() -> list[dict[str, Any]]:
    texts = [path.read_text() for path in sorted(K8S.rglob("*.yaml"))]
    # What a ConfigMap is made of is no manifest.
    return [one for text in texts for one in yaml.safe_load_all(text) if one and "kind" in one]


def policies() -> dict[str, Any]:
    return {one["metadata"]["name"]: one["spec"] for one in manifests() if one["kind"] == "NetworkPolicy"}


def peers(node: Any) -> Iterator[dict[str, Any]]:
    """Everything that names a namespace or a range of addresses, however deep."""
    if isinstance(node, dict):
        if "namespaceSelector" in node or "ipBlock" in node:
            yield node
        for value in node.values():
            yield from peers(value)
    elif isinstance(node, list):
        for value in node:
            yield from peers(value)


def reached(policy: dict[str, Any], address: str) -> bool:
    """Whether an egress policy lets an address through that no label names."""
    for rule in policy["egress"]:
        if "to" not in rule:
            return True
        for block in (peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer):
            parsed, inside = ip_address(address), [ip_network(one) for one in block.get("except", ())]
            if parsed in ip_network(block["cidr"]) and not any(parsed in one for one in inside):
                return True
    return False


def test_no_policy_lets_in_a_whole_namespace() -> None:
    found = [peer for peer in peers(manifests()) if "namespaceSelector" in peer]
    assert len(found) >= 6
    assert [peer for peer in found if not peer.get("podSelector")] == []


@pytest.mark.parametrize("name", ["to-channels", "to-identity-provider", "to-polled-systems"])
def test_what_is_outside_is_reached_and_nothing_inside(name: str) -> None:
    policy = policies()[name]
    assert reached(policy, "203.0.113.9")
    assert reached(policy, "2001:db8::1")
    assert [address for address in (*INSIDE, *CREDENTIALS) if reached(policy, address)] == []


def test_nobody_reaches_where_a_cloud_gives_credentials() -> None:
    for name, policy in policies().items():
        if "egress" in policy:
            assert [address for address in CREDENTIALS if reached(policy, address)] == [], name
    assert reached(policies()["postgres"], "10.96.0.1")


def test_no_overlay_says_whose_headers_are_believed() -> None:
    """A network that fits one cluster holds the pods of anybody in another."""
    for path in K8S.rglob("*"):
        if path.suffix in (".env", ".yaml"):
            assert not re.search(
                r"^\s*[^#\s].*FORWARDED_ALLOW_IPS|^FORWARDED_ALLOW_IPS", path.read_text(), re.MULTILINE
            )


def test_one_version_of_postgresql_everywhere() -> None:
    cluster = yaml.safe_load((K8S / "components/postgres/cluster.yaml").read_text())
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["postgres"]["image"]
    tested = subprocess.run([binaries() / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    major = re.findall(r"(\d+)\.", tested)[0]
    assert cluster["spec"]["imageCatalogRef"]["major"] == int(major)
    assert compose == f"postgres:{major}-bookworm"
