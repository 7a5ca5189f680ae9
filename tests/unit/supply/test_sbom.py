"""The bill of materials is valid CycloneDX, complete, and the same each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from candor import __version__
from tools.supply.lock import packages
from tools.supply.sbom import as_json, bill, here, own_version

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "requirements.lock"


@pytest.fixture(scope="module")
def text() -> str:
    return as_json(bill(LOCK, [], own_version(ROOT)))


@pytest.fixture(scope="module")
def document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def test_it_is_valid_by_the_schema_of_cyclonedx(text: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"bomFormat": "CycloneDX"', '"bomFormat": "Other"')) is not None


def test_it_has_every_package_of_the_lock_with_version_hash_and_licence(document: dict[str, Any]) -> None:
    locked = {f"pkg:pypi/{one.name}@{one.version}": one for one in here(packages(LOCK))}
    assert {one["purl"] for one in document["components"]} == set(locked)
    for one in document["components"]:
        assert {found["content"] for found in one["hashes"]} == set(locked[one["purl"]].hashes)
        assert one["licenses"][0]["expression"]
    assert document["metadata"]["component"]["version"] == __version__


def test_it_says_what_needs_what(document: dict[str, Any]) -> None:
    needs = {one["ref"].partition("@")[0]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert any(one.startswith("pkg:pypi/starlette@") for one in needs["pkg:pypi/fastapi"])


def test_the_same_lock_gives_the_same_bytes(text: str) -> None:
    assert as_json(bill(LOCK, [], own_version(ROOT))) == text


def test_a_package_for_another_system_is_left_out(document: dict[str, Any]) -> None:
    assert "colorama" in {one.name for one in packages(LOCK)}
    assert "colorama" not in {one["name"] for one in document["components"]}
