"""The definitions of the custom resources that our manifests use, from the operators' own releases, pinned by hash.

`crds.toml` names them: files of Go modules, and classes of Strimzi from which its own generator makes definitions.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

from candor.errors import OperatorError
from candor.local.jars import Jar, fetch_by_coordinates, parse_lock
from candor.local.kafka import java
from tools.install import HOME
from tools.kube.program import FOLDER, SOURCE, DeployCheckError, go

LOCK: Final = SOURCE / "crds.toml"
GENERATOR: Final = "io.strimzi.crdgenerator.CrdGenerator"
VERSIONS: Final = (
    "--target-kube",
    "1.16+",
    "--crd-api-version",
    "v1",
    "--api-versions",
    "v1",
    "--storage-version",
    "v1",
)


def definitions() -> list[Path]:
    """Return the files of all definitions, fetched and made if they are missing. Raises DeployCheckError."""
    folder = FOLDER / f"crds-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        print("fetching the operators' definitions of their resources", flush=True)
        draft = folder.with_name("crds.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        lock = tomllib.loads(LOCK.read_text())
        for module in lock["go"]:
            _copy(module, draft)
        _generate(lock["strimzi"], draft)
        for older in FOLDER.glob("crds-*"):
            shutil.rmtree(older)
        draft.rename(folder)
    return sorted(folder.iterdir())


def _copy(module: dict[str, Any], into: Path) -> None:
    name = f"{module['name']}@{module['version']}"
    found = json.loads(go("mod", "download", "-json", name, folder=FOLDER))
    if found["Sum"] != module["sum"]:
        raise DeployCheckError(f"{name} is not the module that crds.toml names ({found['Sum']}): it is not used")
    for file in module["files"]:
        shutil.copy(Path(found["Dir"]) / file, into)


def _generate(strimzi: dict[str, Any], into: Path) -> None:
    paths = [_jar(jar) for jar in parse_lock("\n".join(strimzi["jars"]))]
    made = [f"{name}={into / name.rpartition('.')[2].lower()}.yaml" for name in strimzi["classes"]]
    command = [str(java()), "-cp", os.pathsep.join(map(str, paths)), GENERATOR, *VERSIONS, "--yaml", *made]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeployCheckError(f"Strimzi's generator failed: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}")


def _jar(jar: Jar) -> Path:
    cache = HOME / "jars"
    cache.mkdir(parents=True, exist_ok=True)
    path = jar.path(cache)
    if not path.exists():
        try:
            fetch_by_coordinates(jar, cache)
        except OperatorError as error:
            raise DeployCheckError(str(error)) from error
    if hashlib.sha256(path.read_bytes()).hexdigest() != jar.sha256:
        path.unlink()
        raise DeployCheckError(f"{jar.name} is not the file that crds.toml names (SHA-256 differs): it is not run")
    return path
