"""Reads lock files: Python's, with markers and hashes, and that of the broker's jars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCKS: Final = (
    "requirements.lock",
    "requirements-local.lock",
    "requirements-build.lock",
    "requirements-dev.lock",
    "requirements-demo.lock",
)
JARS: Final = "shared/candor/local/kafka-jars.lock"
_line: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$")


@dataclass(frozen=True, order=True)
class Locked:
    """One package of a lock file. `ecosystem` is PyPI or Maven, as OSV has it; a jar's name is `group:artifact`."""

    ecosystem: str
    name: str
    version: str
    marker: str = ""
    hashes: tuple[str, ...] = ()


def canonical(name: str) -> str:
    """A package's name as PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def packages(file: Path) -> list[Locked]:
    """The packages of a Python lock file, in its order."""
    found: list[Locked] = []
    for line in file.read_text().splitlines():
        if (hashed := re.match(r"\s+--hash=sha256:([0-9a-f]{64})", line)) and found:
            last = found[-1]
            found[-1] = Locked("PyPI", last.name, last.version, last.marker, (*last.hashes, hashed[1]))
        elif line[:1] not in {"", " ", "#"} and (match := _line.match(line.strip())):
            found.append(Locked("PyPI", canonical(match["name"]), match["version"], match["marker"] or ""))
    return found


def jars(file: Path) -> list[Locked]:
    """The jars of the broker's lock file."""
    found = []
    for line in file.read_text().splitlines():
        if line and not line.startswith("#"):
            coordinate, sha256 = line.split()
            group, artifact, version = coordinate.split(":")
            found.append(Locked("Maven", f"{group}:{artifact}", version, "", (sha256,)))
    return found


def everything(root: Path) -> list[Locked]:
    """Every package that any lock file of the repository names, once a version, sorted."""
    locked = {(one.ecosystem, one.name, one.version): one for name in LOCKS for one in packages(root / name)}
    locked |= {(one.ecosystem, one.name, one.version): one for one in jars(root / JARS)}
    return [locked[key] for key in sorted(locked)]
