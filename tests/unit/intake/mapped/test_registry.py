"""The sources of a running service: presets and the file's, which is read again, and the secrets with it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from candor.intake.mapped import MappedSource, Offered, presets_of
from candor.ops.secret_files import SecretFile, SecretFiles
from candor.web.security.webhooks import Sender, parse_secrets
from delivery_svc.offered import OFFERED
from promise_svc.offered import OFFERED as PROMISES
from tests.unit.intake.mapped.mappings import TEXT

SECRET = "0123456789abcdef-0123456789abcdef"
MAY = {"delivery-svc": ["milestone.reported"]}
SENDERS = json.dumps({"sources": {"east": {"source": "vans", "secrets": [SECRET], "events": MAY}}})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "sources.yaml"
    made.write_text(TEXT)
    return made


def rewritten(file: Path, text: str) -> None:
    file.write_text(text)
    stat = file.stat()
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


def test_modules_presets_and_the_file_are_sources(file: Path) -> None:
    found = OFFERED.sources((), file)
    assert {"standard", "cloudevents", "alertmanager", "pagerduty", "vans"} <= set(found)
    assert len(found) == len(list(found))
    assert "vans" not in OFFERED.sources()
    assert set(PROMISES.sources((), file)) == {"standard", "zendesk"}


def test_a_preset_that_asks_for_parameters_is_a_source_once_they_are_given(file: Path) -> None:
    head = "sources:\n  crm:\n    extends: hubspot\n    service: promise-svc\n"
    own = head + "    parameters: {stages: [won], date: closedate}\n"
    file.write_text(own)
    found = PROMISES.sources((), file)["crm"]
    assert isinstance(found, MappedSource)
    assert found.rule.missing() == []
    assert "hubspot" in PROMISES.presets()
    with pytest.raises(ValueError, match=r"line 2: sources\.crm: hubspot needs, under parameters: date"):
        file.write_text(own.replace(", date: closedate", ""))
        PROMISES.sources((), file)


def test_bodies_of_a_preset_that_only_a_file_makes_a_source_are_let_in_from_the_start() -> None:
    assert {"text/xml", "application/json"} <= PROMISES.media_types()
    assert "text/xml" not in OFFERED.media_types()


def test_a_source_of_the_file_stands_before_a_preset_of_its_name(file: Path) -> None:
    file.write_text(TEXT.replace("vans:", "alertmanager:"))
    own = OFFERED.sources((), file)["alertmanager"]
    assert isinstance(own, MappedSource)
    assert own.rule.each == "body.stops"


def test_a_wrong_file_stops_the_service_with_its_line(file: Path) -> None:
    file.write_text(TEXT.replace("each:", "eech:"))
    with pytest.raises(ValueError, match=r"sources\.yaml: line 7: sources\.vans\.eech: is no name"):
        OFFERED.sources((), file)


def test_the_file_is_read_again_and_with_it_the_secrets(file: Path, tmp_path: Path) -> None:
    sources = OFFERED.sources((), file)
    secrets_file = tmp_path / "webhooks.json"
    secrets_file.write_text(SENDERS)

    def senders(raw: bytes) -> dict[str, Sender]:
        return parse_secrets(raw, sources, "delivery-svc", OFFERED.shapes)

    secrets, watched = SecretFile(secrets_file, senders), SecretFiles()
    sources.attach(watched, secrets)
    assert secrets.get()["east"].scheme.name == "hmac"
    [seen] = watched
    rewritten(file, TEXT.replace("      hmac: {", "      # hmac: {"))
    assert seen.look()
    assert [scheme.name for scheme in sources["vans"].schemes] == ["bearer"]
    assert secrets.get()["east"].scheme.name == "bearer"


def test_a_file_that_turns_wrong_leaves_what_stood_there(file: Path) -> None:
    sources, watched = OFFERED.sources((), file), SecretFiles()
    sources.attach(watched, None)
    [seen] = watched
    rewritten(file, "sauces: {}")
    assert not seen.look()
    assert "vans" in sources
    assert "line 1" in seen.problem
    rewritten(file, TEXT.replace("vans:", "lorries:"))
    assert seen.look()
    assert seen.problem == ""
    assert ("vans" in sources, "lorries" in sources) == (False, True)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "odd_presets").mkdir()
    (tmp_path / "odd_presets" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("odd_presets")
    sys.modules.pop("odd_presets", None)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("vans", TEXT.replace("each:", "eech:"), r"vans\.yaml, line 7"),
        ("lorries", TEXT, r"lorries\.yaml: holds one source of delivery-svc, which has the file's name"),
        ("vans", TEXT.replace("delivery-svc", "promise-svc"), r"vans\.yaml: holds one source"),
    ],
)
def test_a_wrong_preset_is_named(name: str, text: str, words: str, package: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "odd_presets" / f"{name}.yaml").write_text(text)
    with pytest.raises(ValueError, match=words):
        presets_of(package, "delivery-svc", OFFERED.shapes)


def test_a_preset_that_needs_more_is_only_to_be_extended(package: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "odd_presets" / "vans.yaml").write_text(TEXT + "    needs: [reason]\n")
    offered = Offered("delivery-svc", OFFERED.shapes, package)
    assert "vans" in offered.presets()
    assert "vans" not in offered.sources()
    own = tmp_path / "sources.yaml"
    own.write_text("sources: {vans: {extends: vans, service: delivery-svc, data: {reason: item.why}}}")
    assert "vans" in offered.sources((), own)
