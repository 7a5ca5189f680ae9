"""The commands of deploy/k8s/README.md make every secret of its table, with the keys that Pods mount."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from candor.installation.folder import Folder
from candor.local.secret_files import ensure_secrets
from tests.support.catalogue import ROOT

README = (ROOT / "deploy/k8s/README.md").read_text()
ROW = re.compile(r"^\| (`candor-[^|]+|`promise-svc-(?:webhooks|requests)[^|]+) \| ([^|]+) \|", re.MULTILINE)
BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
PATHS = re.compile(r"kubectl (?:apply|delete) -[kf] ([\w./-]+)")
BY_HAND = {"oidc-client-secret", "access-key-id", "secret-access-key", "password"}
"""Keys whose value comes from outside; `password` of the mail server."""
RECORDED = """#!/bin/sh
for one in "$@"; do
  case "$one" in --from-file=*) file="${one##*=}"; [ -e "$file" ] || { echo "no file $file" >&2; exit 1; };; esac
done
printf '%s\\n' "$*" >> "$ASKED"
"""


def wanted() -> dict[str, set[str]]:
    """The keys of each secret in the table."""
    found: dict[str, set[str]] = {}
    of_it: set[str] = set()
    for names, keys in ROW.findall(README):
        if not keys.startswith("the same"):
            of_it = {one for one in re.findall(r"`([\w.-]+)`", keys) if not one.startswith("candor_")}
        found |= dict.fromkeys(re.findall(r"`([\w-]+)`", names), of_it)
    return found


def made(tmp_path: Path) -> dict[str, set[str]]:
    """The keys of each secret that the commands make, run in a folder with a local stack's secrets."""
    ensure_secrets(Folder.at(tmp_path / ".candor", tmp_path))
    for name in (*BY_HAND, "smtp-password", "session.key"):
        (tmp_path / name).write_text("x")
    (tmp_path / "kubectl").write_text(RECORDED)
    (tmp_path / "kubectl").chmod(0o700)
    asked = tmp_path / "asked"
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "ASKED": str(asked)}
    script = "".join(block for block in BLOCK.findall(README) if "secret candor-" in block)
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, env=environment, check=True)
    first, *lines = asked.read_text().splitlines()
    assert first == "apply -f deploy/k8s/overlays/dev/namespace.yaml"
    found: dict[str, set[str]] = {}
    for line in lines:
        assert line.startswith("-n candor-dev create secret generic ")
        name = line.split()[5]
        keys = re.findall(r"--from-(?:file|literal)=(?:[^ ]*/)?([\w.-]+)", line)
        found.setdefault(name, set()).update(keys)
    return found


def test_the_commands_make_what_the_table_lists(tmp_path: Path) -> None:
    assert len(wanted()) > 15
    assert made(tmp_path) == wanted()


def test_every_path_that_is_applied_is_there_from_the_root_of_the_repository() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "deploy").rglob("*.md"))]
    named = [(page.name, path) for page in pages for path in PATHS.findall(page.read_text())]
    assert len(named) > 6
    assert [(page, path) for page, path in named if not (ROOT / path).exists()] == []
