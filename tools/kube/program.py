"""Builds the program `kube` (an API server with its etcd, and kubectl) from Go modules, once per version of its source.

`python -m tools.kube` calls it. Everything lies under `.candor/kube`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from tools.install import HOME

SOURCE: Final = Path(__file__).parent
FILES: Final = ("main.go", "go.mod", "go.sum")
FOLDER: Final = HOME / "kube"
NEEDED_MIB: Final = 8192


class DeployCheckError(Exception):
    """One clear line: what could not be checked, and what to do about it."""


def environment() -> dict[str, str]:
    """The environment of Go: its caches in our folder, its modules as go.sum names them."""
    caches = {"GOMODCACHE": str(FOLDER / "modules"), "GOCACHE": str(FOLDER / "build"), "CGO_ENABLED": "0"}
    # Read-only modules could not be deleted with the folder.
    return {**os.environ, **caches, "GOFLAGS": "-modcacherw -mod=readonly -buildvcs=false -trimpath", "GOWORK": "off"}


def program() -> Path:
    """Where the program lies that belongs to these sources."""
    digest = hashlib.sha256(b"\n".join((SOURCE / name).read_bytes() for name in FILES))
    return FOLDER / "bin" / f"kube-{digest.hexdigest()[:12]}"


def build() -> Path:
    """Return the program, built if it is missing. Raises DeployCheckError with the reason."""
    made = program()
    if made.exists():
        return made
    made.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(FOLDER).free // 2**20
    if free < NEEDED_MIB:
        raise DeployCheckError(f"the disk that holds {FOLDER} has {free} MiB left, {NEEDED_MIB} MiB are needed")
    print("building a Kubernetes API server from Go modules (the first time takes some minutes)", flush=True)
    begun, draft = time.monotonic(), made.with_suffix(".new")
    go("build", "-ldflags=-s -w", "-o", str(draft), ".", folder=SOURCE)
    draft.replace(made)
    print(f"built in {time.monotonic() - begun:.0f} s", flush=True)
    for older in made.parent.iterdir():
        if older != made:
            older.unlink()
    return made


def go(*arguments: str, folder: Path) -> str:
    """Run Go and return what it prints. Raises DeployCheckError with its last line."""
    done = subprocess.run(
        ["go", *arguments], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise DeployCheckError(f"go {arguments[0]} failed: {said[-1][:300]}")
    return done.stdout


def forget_caches() -> None:
    """Delete the modules and what was compiled of them: gigabytes that nothing needs once all is there."""
    for name in ("modules", "build"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
