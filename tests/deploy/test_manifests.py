"""What holds for every process in every overlay, whatever is added later."""

from __future__ import annotations

import re

import pytest

import candor
from candor.ops.backgrounds import STOP_SECONDS
from tests.support.overlays import (
    NAMESPACES,
    OVERLAYS,
    container,
    environment,
    manifests,
    mounted,
    named,
    pods,
    secrets,
    text,
)
from tools.kube.manifests import K8S, account, processes

pytestmark = pytest.mark.kube
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
LABELS = {"name", "instance", "version", "component", "part-of", "managed-by"}
OPERATORS = {"candor-cluster-ca-cert", "candor-postgres-ca"}
"""Secrets that Strimzi and CloudNativePG make for their clusters."""
PARTS, CLOSING = 6, 25
"""How many parts a process stops one after the other at most, and the seconds that it needs to close what is left."""


@each_overlay
def test_each_process_runs_once_with_a_service_a_budget_and_an_account_of_its_own(overlay: str) -> None:
    wanted = {account(process) for process in processes()}
    for kind in ("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget"):
        assert {*named(overlay, kind)} == wanted, kind
    for name, maker in named(overlay, "Deployment").items():
        selector = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "candor"}
        assert maker["spec"]["selector"] == {"matchLabels": selector}
        assert named(overlay, "Service")[name]["spec"]["selector"] == selector
        assert named(overlay, "PodDisruptionBudget")[name]["spec"]["selector"] == {"matchLabels": selector}
        assert maker["spec"]["template"]["spec"]["serviceAccountName"] == name


@each_overlay
def test_every_pod_has_the_recommended_labels_and_the_version_of_this_release(overlay: str) -> None:
    for pod in pods(overlay).values():
        labels = pod["metadata"]["labels"]
        given = {label.removeprefix("app.kubernetes.io/") for label in labels}
        assert given >= LABELS - ({"version"} if "migrate" in labels["app.kubernetes.io/name"] else set())
        assert labels.get("app.kubernetes.io/version", candor.__version__) == candor.__version__
    tags = {container(pod)["image"] for pod in pods("production").values()}
    assert tags == {f"candor:{candor.__version__}"}


@each_overlay
def test_no_pod_can_write_to_its_image_or_ask_the_api_server(overlay: str) -> None:
    for name, pod in pods(overlay).items():
        assert container(pod)["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert pod["spec"]["automountServiceAccountToken"] is False, name
        assert pod["spec"]["enableServiceLinks"] is False, name
        resources = container(pod)["resources"]
        assert {*resources["requests"]} == {"cpu", "memory"}, name
        assert {*resources["limits"]} == {"memory"}, name


@each_overlay
def test_a_process_has_the_time_to_stop_that_its_code_may_take(overlay: str) -> None:
    for maker in manifests(overlay, "Deployment"):
        pod = maker["spec"]["template"]
        said = environment(overlay, pod)
        longest = float(said["DRAIN_PAUSE_SECONDS"]) + float(said["DRAIN_SECONDS"]) + PARTS * (STOP_SECONDS + 1)
        assert pod["spec"]["terminationGracePeriodSeconds"] >= longest + CLOSING
        probes = [container(pod)[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
        assert [probe["path"] for probe in probes] == ["/livez", "/livez", "/readyz"]
        assert all("host" not in probe for probe in probes)
        # Nobody sends it anything more by the time it stops listening.
        ready = container(pod)["readinessProbe"]
        assert ready["periodSeconds"] * ready["failureThreshold"] < float(said["DRAIN_PAUSE_SECONDS"])


@each_overlay
def test_the_namespace_lets_in_restricted_pods_only_and_everything_lies_in_it(overlay: str) -> None:
    [namespace] = manifests(overlay, "Namespace")
    assert namespace["metadata"]["name"] == NAMESPACES[overlay]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [one for one in manifests(overlay) if one["kind"] != "Namespace"]
    assert {one["metadata"]["namespace"] for one in others} == {NAMESPACES[overlay]}


@each_overlay
def test_nothing_may_be_reached_or_reach_anything_unless_a_policy_says_so(overlay: str) -> None:
    policies = named(overlay, "NetworkPolicy")
    assert policies["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, policy in policies.items():
        if name in ("default-deny", "names"):
            continue
        rules = [*policy["spec"].get("ingress", ()), *policy["spec"].get("egress", ())]
        assert rules, name
        assert policy["spec"]["podSelector"], f"{name} is for every pod"
        assert all(rule for rule in rules), f"{name} allows everything"
        assert all(rule.get("from") for rule in policy["spec"].get("ingress", ())), f"{name} lets in anybody"


def test_every_secret_is_made_by_somebody_with_the_key_that_is_asked_for() -> None:
    made = named("production", "ExternalSecret")
    by_strimzi = {f"kafka-user-{user}" for user in named("production", "KafkaUser")}
    for name, pod in pods("production").items():
        for secret, key in mounted(pod).values():
            if secret not in by_strimzi | OPERATORS:
                assert key in {item["secretKey"] for item in made[secret]["spec"]["data"]}, f"{name}: {secret}/{key}"
        assert secrets(pod) <= {*made} | by_strimzi | OPERATORS, name


@each_overlay
def test_the_readme_names_every_secret_that_has_to_be_made(overlay: str) -> None:
    readme = (K8S / "README.md").read_text()
    wanted = {secret for pod in pods(overlay).values() for secret in secrets(pod)} - OPERATORS
    wanted = {secret for secret in wanted if not secret.startswith("kafka-user-")}
    assert len(wanted) >= 8
    assert {secret for secret in wanted if f"`{secret}`" not in readme} == set()


@each_overlay
def test_a_secret_goes_to_those_alone_who_need_it(overlay: str) -> None:
    owners: dict[str, set[str]] = {}
    for name, pod in pods(overlay).items():
        if "migrate" not in name:
            for secret in secrets(pod):
                owners[secret] = owners.get(secret, set()) | {name}
    assert owners["candor-contact-private"] == {"notify-svc"}
    assert owners["candor-event-signing"] == {"promise-svc"}
    assert owners["candor-answers"] == {"promise-svc"}
    assert owners["candor-page"] == {"notify-svc"}
    assert (owners["promise-svc-requests"], owners["delivery-svc-requests"]) == ({"promise-svc"}, {"delivery-svc"})
    assert owners["candor-board"] == {"risk-web"}
    assert all(owners[f"kafka-user-{account(process)}"] == {account(process)} for process in processes())
    assert owners["candor-postgres-risk-app"] == {"risk-worker", "risk-learner", "risk-insight", "risk-web"}
    assert "candor-postgres-risk" not in owners, "the owner's password is for its migration alone"


def test_no_manifest_holds_a_secret_or_something_left_to_do() -> None:
    for overlay in OVERLAYS:
        assert manifests(overlay, "Secret") == []
        assert not re.search(r"TODO|FIXME|changeme", text(overlay))
