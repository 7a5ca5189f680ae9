"""The manifests say to each process what it accepts, and to the operators what the processes need."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic_settings import BaseSettings

from candor.contracts import CARDS
from candor.contracts.topics import GROUPS
from candor.diagnosis.process import PROCESSES, settings_class
from candor.intake.mapped.reading import read_sources
from candor.intake.mapped.trying import offers
from candor.ops.edge_settings import Networks
from candor.ops.settings import Settings
from notify_svc.channels.email.settings import EmailSettings
from tests.support.overlays import OVERLAYS, Manifest, configured, environment, manifests, mounted, named
from tools.kube.manifests import K8S, account, partitions

pytestmark = pytest.mark.kube
PASSWORD = "/run/candor/postgres-user/password"
KINDS = {name: settings_class(name) for name in PROCESSES}
OTHERS = {"CANDOR_HOME"}
"""Read by the command line."""
each_process = pytest.mark.parametrize("name", sorted(KINDS))
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def pod_of(overlay: str, name: str) -> Manifest:
    template = named(overlay, "Deployment")[name]["spec"]["template"]
    assert isinstance(template, dict)
    return template


def told(overlay: str, name: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that a process has in this overlay."""
    for variable in [*os.environ]:
        if variable not in ("PATH", "HOME") and not variable.startswith("PYTEST"):
            monkeypatch.delenv(variable)
    for variable, value in environment(overlay, pod_of(overlay, name)).items():
        monkeypatch.setenv(variable, value)
    kind: type[BaseSettings] = KINDS[name]
    found = kind()
    assert isinstance(found, Settings)
    return found


@each_overlay
@each_process
def test_a_process_accepts_what_it_is_told(overlay: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(overlay, name, monkeypatch)
    assert settings.environment == ("production" if overlay == "production" else "development")
    assert (settings.host, settings.port, settings.partitions) == ("0.0.0.0", 8080, partitions())
    if name == "notify-svc":
        EmailSettings(environment=settings.environment)
    if name == "risk-web":
        settings.refuse_staff_pages_without_oidc()
        assert bool(settings.oidc_issuer) == bool(settings.oidc_client_secret_file) == settings.production


@each_overlay
@each_process
def test_prometheus_reads_figures_of_a_pod_by_its_address_and_nobody_outside_does(
    overlay: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = told(overlay, name, monkeypatch)
    near = Networks(settings.metrics_allow_ips)
    # Usual networks of pods; Prometheus asks from its own, directly and without a key.
    assert all(address in near for address in ("10.244.3.7", "172.20.1.9", "192.168.7.7", "100.64.0.9", "fd00::7"))
    assert "203.0.113.9" not in near
    policy = named(overlay, "NetworkPolicy")["from-prometheus"]["spec"]
    assert name in policy["podSelector"]["matchExpressions"][0]["values"]


@each_overlay
@each_process
def test_what_a_stranger_may_do_is_limited(overlay: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(overlay, name, monkeypatch)
    # Rates go by the address that a proxy passes on: until a cluster names its own, nobody in it is believed.
    assert all(ip_network(one).is_loopback for one in settings.forwarded_allow_ips)
    assert 0 < settings.address_rate_limit < settings.rate_limit
    assert settings.docs == ("off" if overlay == "production" else "")


@each_overlay
def test_who_signs_events_has_the_key_and_who_reads_them_what_checks_it(
    overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs, checks = set(), set()
    for name in KINDS:
        settings = told(overlay, name, monkeypatch)
        signs |= {name} if settings.event_signing_key_file else set()
        checks |= {name} if settings.event_public_keys_file else set()
    assert signs == {"promise-svc"}
    # risk-learner and risk-web read no topic that holds such events.
    assert checks == {"delivery-svc", "risk-worker", "risk-insight", "notify-svc"}


def test_a_browser_comes_back_to_the_process_that_has_its_page() -> None:
    for overlay in OVERLAYS:
        assert named(overlay, "Service")["risk-web"]["spec"]["sessionAffinity"] == "ClientIP"
    board = named("production", "Ingress")["board"]["metadata"]["annotations"]
    assert board["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    sticky = named("production", "Service")["risk-web"]["metadata"]["annotations"]
    assert sticky["traefik.ingress.kubernetes.io/service.sticky.cookie"] == "true"


def test_the_dashboards_are_in_production() -> None:
    found = {key for one in manifests("production", "ConfigMap") for key in one["data"] if key.endswith(".json")}
    assert found == {file.name for file in (K8S.parent / "grafana/dashboards").glob("*.json")}
    assert found


@each_overlay
@each_process
def test_every_variable_is_a_setting(overlay: str, name: str) -> None:
    kinds: list[type[BaseSettings]] = [*KINDS.values(), EmailSettings]
    known = {field.upper() for kind in kinds for field in kind.model_fields} | OTHERS
    said = environment(overlay, pod_of(overlay, name))
    # Settings about Kafka refuse what they do not know by themselves.
    assert {variable for variable in said if variable not in known and not variable.startswith("KAFKA_")} == set()


@each_overlay
@each_process
def test_every_file_that_a_process_is_to_read_is_mounted(overlay: str, name: str) -> None:
    pod = pod_of(overlay, name)
    said = environment(overlay, pod)
    files = {value for variable, value in said.items() if variable.endswith("_FILE")}
    files.add(said["DATABASE_URL"].partition("sslrootcert=")[2])
    assert {Path(file) for file in files} == {Path(file) for file in {**mounted(pod), **configured(pod)}}


@each_overlay
def test_sources_are_a_file_that_both_services_accept_and_that_changes_without_a_restart(overlay: str) -> None:
    maps = named(overlay, "ConfigMap")
    for offered in offers():
        pod = pod_of(overlay, offered.service)
        name, key = configured(pod)[environment(overlay, pod)["SOURCES_FILE"]]
        # A name with a hash would be another map, and so another Pod, for every change.
        assert name == "candor-sources"
        raw = maps[name]["data"][key].encode()
        assert read_sources(raw, offered.service, offered.shapes, offered.presets()) == {}
    assert {account(name) for name in KINDS if configured(pod_of(overlay, name))} == {"promise-svc", "delivery-svc"}


@each_overlay
def test_tokens_of_systems_come_from_a_secret_of_each_service_that_need_not_be_there(overlay: str) -> None:
    for name in ("promise-svc", "delivery-svc"):
        pod = pod_of(overlay, name)
        [volume] = [one for one in pod["spec"]["volumes"] if one["name"] == "systems"]
        assert volume["secret"] == {"secretName": f"{name}-systems", "optional": True}


@each_overlay
@each_process
def test_a_process_opens_the_database_of_its_service_in_a_role_that_owns_nothing(
    overlay: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = told(overlay, name, monkeypatch)
    assert str(settings.database_password_file) == PASSWORD
    address = urlsplit(settings.database)
    databases = {one["spec"]["name"]: one["spec"]["owner"] for one in manifests(overlay, "Database")}
    [cluster] = manifests(overlay, "Cluster")
    roles = {role["name"]: role["passwordSecret"]["name"] for role in cluster["spec"]["managed"]["roles"]}
    own = address.path.removeprefix("/")
    assert address.username == f"{own}_app"
    assert address.username not in databases.values()
    assert (roles[address.username], "password") == mounted(pod_of(overlay, name))[PASSWORD]
    assert address.hostname == f"{cluster['metadata']['name']}-rw"
    rules = cluster["spec"]["postgresql"]["pg_hba"]
    assert f"hostssl {own} {own},{own}_app all scram-sha-256" in rules
    assert rules[-1] == f"host all {','.join(roles)} all reject"
    assert len(rules) == len(databases) + 1


@each_overlay
def test_migrations_open_the_same_databases_as_their_owners_and_give_the_processes_their_rights(overlay: str) -> None:
    databases = {one["spec"]["name"]: one["spec"]["owner"] for one in manifests(overlay, "Database")}
    [cluster] = manifests(overlay, "Cluster")
    roles = {role["name"]: role["passwordSecret"]["name"] for role in cluster["spec"]["managed"]["roles"]}
    jobs = named(f"{overlay}/migrations", "Job")
    assert {*jobs} == {f"migrate-{name}-svc" for name in ("promise", "delivery", "risk", "notify")}
    for name, job in jobs.items():
        service = name.removeprefix("migrate-")
        pod = job["spec"]["template"]
        process = "risk-worker" if service == "risk-svc" else service
        same = environment(overlay, pod_of(overlay, process))["DATABASE_URL"]
        reader = str(urlsplit(same).username)
        owner = databases[reader.removesuffix("_app")]
        said = environment(f"{overlay}/migrations", pod)
        assert said == {"DATABASE_URL": same.replace(f"{reader}@", f"{owner}@"), "DATABASE_PASSWORD_FILE": PASSWORD}
        assert mounted(pod)[PASSWORD] == (roles[owner], "password")
        assert said["DATABASE_URL"] != same
        assert pod["spec"]["containers"][0]["command"] == ["candor", "migrate", service, "--grants", reader]


def test_there_are_never_more_workers_than_partitions_and_they_follow_the_lag_of_what_they_read() -> None:
    scaled = named("production", "ScaledObject")
    groups = {account(process): (process, group) for process, group in GROUPS.items()}
    assert {*scaled} == {"risk-worker", "notify-svc"}
    for name, one in scaled.items():
        process, group = groups[name]
        assert one["spec"]["minReplicaCount"] <= one["spec"]["maxReplicaCount"] <= partitions()
        assert one["spec"]["scaleTargetRef"] == {"name": name}
        # Whoever applies the manifests again must not undo what KEDA has decided.
        assert "replicas" not in named("production", "Deployment")[name]["spec"]
        triggers = [trigger["metadata"] for trigger in one["spec"]["triggers"]]
        assert {trigger["consumerGroup"] for trigger in triggers} == {group}
        read = {f"candor-{card.name}" for card in CARDS if process in card.readers and card.shared_layout}
        assert {trigger["topic"] for trigger in triggers} == read


def test_the_outside_reaches_each_api_by_the_name_it_answers_to_and_nothing_internal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = [rule for one in manifests("production", "Ingress") for rule in one["spec"]["rules"]]
    assert len(rules) == 5
    for rule in rules:
        paths = rule["http"]["paths"]
        [name] = {path["backend"]["service"]["name"] for path in paths}
        settings = told("production", name, monkeypatch)
        assert settings.public_url == f"https://{rule['host']}"
        assert rule["host"] in settings.trusted_hosts
        open_paths = {path["path"] for path in paths if path["pathType"] == "Prefix"}
        assert open_paths <= {"/v1", "/problems", "/board", "/signin", "/signout"}
        assert {path["path"] for path in paths} - open_paths <= {"/"}
