"""`make deploy-check` says when it could not look, and runs nothing that is not what its lock files name."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from candor.local.jars import Jar
from tools.kube import crds
from tools.kube.program import FILES, SOURCE, DeployCheckError


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_without_go_it_says_so_and_fails_only_where_everything_must_be_checked(
    ci: str, status: int, tmp_path: Path
) -> None:
    environment = {**os.environ, "PATH": str(tmp_path), "CI": ci}
    done = subprocess.run(
        [sys.executable, "-m", "tools.kube"],
        cwd=Path(__file__).parents[3],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert done.stdout.startswith("deploy-check: Go 1.24 or newer is missing, so deploy/k8s was NOT checked")


def test_a_jar_that_is_not_the_one_that_is_named_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crds, "HOME", tmp_path)
    jar = Jar("io.strimzi", "api", "1.2.0", "00" * 32)
    path = jar.path(tmp_path / "jars")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"another one")
    with pytest.raises(DeployCheckError, match=r"api-1\.2\.0\.jar is not the file that crds\.toml names"):
        crds._jar(jar)
    assert not path.exists()


def test_everything_that_is_fetched_is_named_with_its_version_and_hash() -> None:
    lock = tomllib.loads(crds.LOCK.read_text())
    assert all(module["sum"].startswith("h1:") and len(module["sum"]) == 47 for module in lock["go"])
    assert len(lock["strimzi"]["jars"]) == 2
    assert all((SOURCE / name).is_file() for name in FILES)
