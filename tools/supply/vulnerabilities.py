"""Compares every locked package with a list of known vulnerable versions kept in the repository, in OSV's shape.

    python -m tools.supply.vulnerabilities                     which locked versions are affected; status 1 if any is
    python -m tools.supply.vulnerabilities --renew FOLDER      takes the entries about our packages out of OSV's exports

FOLDER holds what OSV publishes as `PyPI/all.zip` and `Maven/all.zip`, unpacked or not. Entries already kept stay.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from tools.supply.lock import Locked, canonical, everything

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
LIST: Final = HERE / "vulnerabilities.json"
KEPT: Final = ("id", "aliases", "summary", "affected", "withdrawn")


def known(file: Path = LIST) -> list[dict[str, Any]]:
    """The entries of the list."""
    entries: list[dict[str, Any]] = json.loads(file.read_text())["vulnerabilities"]
    return entries


def affects(entry: dict[str, Any], one: Locked) -> bool:
    """Whether an entry says that this version of this package is vulnerable."""
    if entry.get("withdrawn"):
        return False
    for affected in entry["affected"]:
        about = affected["package"]
        name = canonical(about["name"]) if about["ecosystem"] == "PyPI" else about["name"]
        if (about["ecosystem"], name) != (one.ecosystem, one.name):
            continue
        ranges = [found for found in affected.get("ranges", ()) if found["type"] == "ECOSYSTEM"]
        if one.version in affected.get("versions", ()) or any(within(one.version, found["events"]) for found in ranges):
            return True
    return False


def within(version: str, events: Iterable[dict[str, str]]) -> bool:
    """Whether a version lies in a range, as OSV evaluates its events: the last one at or below the version decides."""
    mine, inside = ordered(version), False
    for event in sorted(events, key=_place):
        ((kind, value),) = event.items()
        there = ordered(value)
        if kind == "introduced" and (value == "0" or mine >= there):
            inside = True
        elif (kind == "fixed" and mine >= there) or (kind == "last_affected" and mine > there):
            inside = False
    return inside


def ordered(version: str) -> Version:
    """A version for comparing; of a jar's, whose qualifiers PyPI's rules do not know, the numbers alone."""
    try:
        return Version(version)
    except InvalidVersion:
        numbers = "".join(sign if sign.isdigit() or sign == "." else " " for sign in version).split()
        return Version(numbers[0].strip(".") if numbers else "0")


def found(locked: Iterable[Locked], entries: Iterable[dict[str, Any]]) -> list[str]:
    """One line for each locked version inside an affected range."""
    every = list(entries)
    return [
        f"{one.name} {one.version}: {entry['id']} ({entry.get('summary', 'no summary')})"
        for one in locked
        for entry in every
        if affects(entry, one)
    ]


def renewed(entries: Iterable[dict[str, Any]], locked: Iterable[Locked]) -> list[dict[str, Any]]:
    """Of OSV's entries those about packages that are locked here, cut to what the check reads, by id."""
    names = {(one.ecosystem, one.name) for one in locked}
    kept = {}
    for entry in entries:
        mine = [one for one in entry.get("affected", ()) if _package(one) in names]
        if mine:
            cut = [{key: one[key] for key in ("package", "ranges", "versions") if key in one} for one in mine]
            kept[entry["id"]] = {key: entry[key] for key in KEPT if key in entry} | {"affected": cut}
    return [kept[key] for key in sorted(kept)]


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """All entries in a folder's JSON files and zip archives."""
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".json":
            yield json.loads(file.read_text())
        elif file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    yield json.loads(archive.read(name))


def _package(affected: dict[str, Any]) -> tuple[str, str]:
    about = affected.get("package", {})
    name = about.get("name", "")
    return about.get("ecosystem", ""), canonical(name) if about.get("ecosystem") == "PyPI" else name


def _place(event: dict[str, str]) -> tuple[Version, bool]:
    # At the same version, "introduced" comes after "fixed": it is vulnerable again.
    ((kind, value),) = event.items()
    return ordered(value), kind == "introduced"


def main(arguments: list[str]) -> int:
    """Checks, or renews the list; returns the exit status."""
    locked = everything(ROOT)
    if arguments[:1] == ["--renew"]:
        new = renewed([*known(), *read(Path(arguments[1]))], locked)
        LIST.write_text(
            json.dumps({"renewed": datetime.now(UTC).date().isoformat(), "vulnerabilities": new}, indent=1) + "\n"
        )
        print(f"{len(new)} entries about packages that are locked here")
    lines = found(locked, known())
    print("\n".join(lines) or f"none of {len(locked)} locked versions is in the list of {len(known())}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
