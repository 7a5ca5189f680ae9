"""compose.yaml is valid, starts the processes that Kubernetes starts, as narrowly, with settings that exist."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from candor.diagnosis.process import PROCESSES, settings_class
from candor.intake.mapped.reading import read_sources
from candor.intake.mapped.trying import offers
from candor.local.jars import broker_version
from candor.web.security.webhooks import parse_secrets
from notify_svc.channels.email.settings import EmailSettings
from tools.compose_secrets import make
from tools.image import pods

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
PODS = pods.read(ROOT)
SETTINGS = {name: settings_class(name) for name in PROCESSES}
OURS = [*SETTINGS, "migrate", "mailbox"]


def test_it_is_what_the_compose_specification_allows() -> None:
    schema = json.loads((ROOT / "tests/unit/deploy/compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(COMPOSE)
    wrong = {**COMPOSE, "services": {"one": {"imagee": "candor"}}}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(wrong))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_one_that_the_process_knows(name: str) -> None:
    channel = EmailSettings.model_fields if name == "notify-svc" else ()
    known = {field.upper() for field in (*SETTINGS[name].model_fields, *channel)}
    given = SERVICES[name]["environment"]
    assert set(given) <= known
    # Those in .candor are not here; all else must be accepted as it stands.
    SETTINGS[name](**{key.lower(): value for key, value in given.items()})


@pytest.mark.parametrize("name", SETTINGS)
def test_a_process_runs_as_in_its_pod(name: str) -> None:
    service, pod = SERVICES[name], PODS[name]
    assert service["command"] == [*pod.command]
    assert service["user"] == f"{pod.uid}:{pod.gid}"
    assert pods.size(service["mem_limit"].replace("m", "Mi")) == pod.memory
    assert service["tmpfs"] == [f"{path}:size={size // 2**20}m,mode=1777" for path, size in pod.writable.items()]
    files = {key for key in service["environment"] if key.endswith("_FILE")}
    assert files == set(pod.files)


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_restricted_and_reached_from_this_machine_alone(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert service["read_only"]
    assert 0 < service["pids_limit"] <= 512
    assert "privileged" not in service
    assert "mem_limit" in service
    assert name == "migrate" or "healthcheck" in service


def test_processes_wait_for_the_schema_and_ask_readiness() -> None:
    for name in SETTINGS:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert "/readyz" in SERVICES[name]["healthcheck"]["test"][-1]


def test_sources_lie_in_a_folder_that_both_services_see_and_accept_as_it_is() -> None:
    file = ROOT / "deploy/compose/sources/sources.yaml"
    for offered in offers():
        service = SERVICES[offered.service]
        assert service["volumes"] == [f"./{file.parent.relative_to(ROOT)}:/run/candor/sources:ro"]
        assert service["environment"]["SOURCES_FILE"] == f"/run/candor/sources/{file.name}"
        assert read_sources(file.read_bytes(), offered.service, offered.shapes, offered.presets()) == {}
    assert {name for name, one in SERVICES.items() if "SOURCES_FILE" in one.get("environment", {})} == {
        offered.service for offered in offers()
    }


def test_there_is_no_secret_in_it(tmp_path: Path) -> None:
    paths, key = make(tmp_path / "compose")
    text = (ROOT / "compose.yaml").read_text()
    wanted = {one["file"].removeprefix(".candor/compose/secrets/") for one in COMPOSE["secrets"].values()}
    assert wanted == {file.name for file in paths.folder.iterdir()}
    assert key not in text
    assert not re.search(r"(?i)(password|secret|key)\w*: (?!/run/secrets/)\w", text)
    for service in SERVICES.values():
        assert all(name in COMPOSE["secrets"] for name in service.get("secrets", ()))
        read = set(
            re.findall(r"/run/secrets/([a-z-]+[a-z])(?![a-z-])", json.dumps(service).replace("-$$name", "-risk"))
        )
        assert read <= set(service.get("secrets", ()))


def test_secrets_are_made_once_and_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    paths, _ = make(tmp_path / "compose")
    first = {file.name: file.read_text() for file in paths.folder.iterdir() if file.name != "api-keys.json"}
    again, _ = make(tmp_path / "compose")
    assert {name: (again.folder / name).read_text() for name in first} == first
    assert stat.S_IMODE(paths.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in paths.folder.iterdir()} == {0o444}


@pytest.mark.parametrize(
    ("service", "senders"), [("promise-svc", {"crm", "replay"}), ("delivery-svc", {"field", "replay"})]
)
def test_senders_may_send_to_each_service_what_is_theirs(tmp_path: Path, service: str, senders: set[str]) -> None:
    paths, _ = make(tmp_path / "compose")
    found = parse_secrets(paths.webhooks.read_bytes(), service=service)
    assert {name for name, sender in found.items() if sender.events} == senders


def test_only_the_service_that_needs_it_has_each_secret() -> None:
    holders = {
        name: [one for one in SERVICES if name in SERVICES[one].get("secrets", ())] for name in COMPOSE["secrets"]
    }
    assert holders["contact-private"] == ["notify-svc"]
    assert holders["session"] == ["risk-web"]
    assert holders["event-signing"] == ["promise-svc"]
    assert holders["answers"] == ["promise-svc"]
    assert holders["page"] == ["notify-svc"]
    assert holders["event-public"] == ["delivery-svc", "risk-worker", "risk-insight", "notify-svc"]
    assert holders["postgres"] == ["postgres"]
    assert holders["postgres-notify"] == ["migrate", "postgres"]
    assert holders["postgres-notify-app"] == ["notify-svc", "postgres"]


def test_processes_come_in_a_role_that_owns_nothing_and_gets_its_rights_from_the_migration() -> None:
    text = (ROOT / "deploy/compose/roles.sh").read_text()
    assert 'CREATE DATABASE :"role" OWNER :"role"' in text
    migrate = SERVICES["migrate"]["command"][-1]
    assert "candor migrate $$name-svc --grants candor_$${name}_app" in migrate
    assert "DATABASE_PASSWORD_FILE=/run/secrets/postgres-$$name\n" in migrate
    for name in SETTINGS:
        service = name.partition("-")[0]
        assert SERVICES[name]["environment"]["DATABASE_URL"] == f"postgresql://candor_{service}_app@postgres:5432/"
        file = SERVICES[name]["environment"]["DATABASE_PASSWORD_FILE"]
        assert file == f"/run/secrets/postgres-{service}-app"


def test_the_broker_is_the_one_that_the_tests_run() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{broker_version()}"
