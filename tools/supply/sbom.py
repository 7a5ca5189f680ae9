"""A bill of materials in CycloneDX's format, made from a lock file: versions, hashes, licences, what needs what.

    python -m tools.supply.sbom requirements.lock [site-packages] > sbom.cdx.json

It lists what the lock installs on the Python that runs it. The same input gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement

from tools.supply.licences import installed, licence, rules
from tools.supply.lock import Locked, canonical, packages

ROOT: Final = Path(__file__).resolve().parents[2]
_version: Final = re.compile(r'__version__ = "([^"]+)"')


def own_version(root: Path) -> str:
    """The version of Candor, as its source has it."""
    found = _version.search((root / "shared/candor/__init__.py").read_text())
    return found[1] if found else "0"


def here(locked: list[Locked]) -> list[Locked]:
    """Those that are installed on this Python and system."""
    return [one for one in locked if not one.marker or Marker(one.marker).evaluate()]


def component(one: Locked, expression: str) -> Component:
    """One package as CycloneDX has it; the hashes are those of every file that the lock accepts."""
    purl = PackageURL("pypi", name=one.name, version=one.version)
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=str(purl),
        licenses=[LicenseExpression(expression)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=value) for value in one.hashes],
    )


def needs(folders: list[Path]) -> dict[str, set[str]]:
    """Which packages each installed package says that it needs; optional ones left out."""
    found: dict[str, set[str]] = {}
    for one in distributions(path=[str(folder) for folder in folders]) if folders else distributions():
        wanted = found.setdefault(canonical(one.name), set())
        for line in one.requires or ():
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                wanted.add(canonical(requirement.name))
    return found


def bill(lock: Path, folders: list[Path], version: str) -> Bom:
    """The bill of materials of a lock file. Raises LicenceError if a package's licence is unknown."""
    said, known, wanted = installed(folders), rules(), needs(folders)
    ours = Component(name="candor", version=version, type=ComponentType.APPLICATION, bom_ref="candor")
    ours.licenses.add(LicenseExpression("Apache-2.0"))
    parts = {one.name: component(one, licence(one, said, known)) for one in here(packages(lock))}
    bom = Bom(components=parts.values())
    bom.metadata.component = ours
    bom.register_dependency(ours, parts.values())
    for name, part in parts.items():
        bom.register_dependency(part, [parts[other] for other in wanted.get(name, ()) if other in parts])
    return bom


def as_json(bom: Bom) -> str:
    """The bill as JSON, without the time of its making: its number follows from its content."""
    document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]
    del document["serialNumber"]
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}"
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def main(arguments: list[str]) -> None:
    """Prints the bill of materials."""
    lock, *folders = [Path(one) for one in arguments]
    version = next((own_version(base) for base in (ROOT, Path()) if (base / "shared").exists()), "0")
    sys.stdout.write(as_json(bill(lock, folders, version)))


if __name__ == "__main__":
    main(sys.argv[1:])
