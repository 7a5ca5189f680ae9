"""No locked version is known to be vulnerable, and one that is would be found."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tools.supply.lock import Locked, everything, jars, packages
from tools.supply.vulnerabilities import LIST, found, known, read, renewed, within

ROOT = Path(__file__).parents[3]


def entry(name: str = "left", ecosystem: str = "PyPI", **affected: Any) -> dict[str, Any]:
    return {"id": "CVE-1", "affected": [{"package": {"ecosystem": ecosystem, "name": name}, **affected}]}


def events(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{kind: version} for kind, version in pairs]


def test_nothing_that_is_locked_is_known_to_be_vulnerable() -> None:
    assert found(everything(ROOT), known()) == []


def test_the_list_says_when_it_was_renewed_and_every_entry_is_about_something_locked() -> None:
    document = json.loads(LIST.read_text())
    assert date.fromisoformat(document["renewed"])
    names = {one.name for one in everything(ROOT)} | {"org.lz4:lz4-java"}
    assert {one["package"]["name"] for item in document["vulnerabilities"] for one in item["affected"]} <= names


@pytest.mark.parametrize(
    ("ecosystem", "name", "version"),
    [
        ("PyPI", "starlette", "1.0.0"),
        ("PyPI", "aiohttp", "3.14.2"),
        ("PyPI", "h11", "0.14.0"),
        ("Maven", "org.apache.kafka:kafka-clients", "4.1.0"),
        ("Maven", "org.lz4:lz4-java", "1.8.0"),
        ("Maven", "commons-beanutils:commons-beanutils", "1.9.4"),
        ("Maven", "com.fasterxml.jackson.core:jackson-databind", "2.17.2"),
    ],
)
def test_what_was_vulnerable_once_is_found(ecosystem: str, name: str, version: str) -> None:
    assert found([Locked(ecosystem, name, version)], known())


@pytest.mark.parametrize(
    ("version", "inside"),
    [("0.9", False), ("1.0", True), ("1.5", True), ("1.6", False), ("2.0", True), ("2.1.4", True), ("2.2", False)],
)
def test_ranges_are_read_as_osv_reads_them(version: str, inside: bool) -> None:
    ranges = events(("introduced", "1.0"), ("fixed", "1.6"), ("introduced", "2.0"), ("last_affected", "2.1.4"))
    assert within(version, ranges) is inside
    assert within(version, reversed(ranges)) is inside


def test_versions_that_are_listed_one_by_one_count_and_what_was_withdrawn_does_not() -> None:
    mine = [Locked("PyPI", "left", "1.0.post1")]
    listed = entry(versions=["1.0.post1"])
    assert found(mine, [listed])
    assert not found(mine, [{**listed, "withdrawn": "2026-01-01T00:00:00Z"}])
    assert not found(mine, [entry("left", "Maven", versions=["1.0.post1"])])
    assert not found(mine, [entry(ranges=[{"type": "GIT", "events": events(("introduced", "0"))}])])


def test_renewing_keeps_what_is_about_locked_packages_alone(tmp_path: Path) -> None:
    about = entry("Left_Pad", ranges=[{"type": "ECOSYSTEM", "events": events(("introduced", "0"))}])
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("1.json", json.dumps({**about, "details": "long"}))
        archive.writestr("2.json", json.dumps({**entry("other"), "id": "CVE-2"}))
    (new,) = renewed(read(tmp_path), [Locked("PyPI", "left-pad", "1")])
    assert new == about


def test_locks_are_read_whole(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    hashes = [f"    --hash=sha256:{letter * 64}" for letter in "abd"]
    first_lines = ["# made", "A_b==1.0 ; sys_platform == 'win32' \\", f"{hashes[0]} \\", hashes[1]]
    lock.write_text("\n".join([*first_lines, "    # via c", "c==2 \\", hashes[2], ""]))
    first, second = packages(lock)
    assert (first.name, first.version, first.marker, len(first.hashes)) == ("a-b", "1.0", "sys_platform == 'win32'", 2)
    assert (second.name, second.version) == ("c", "2")
    assert len(jars(ROOT / "shared/candor/local/kafka-jars.lock")) == 47
