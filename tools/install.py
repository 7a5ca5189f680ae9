"""Creates `.candor/venv` from the lock files; needs only Python and its venv module; run by the Makefile.

    python3 tools/install.py [--bench]

A stamp of everything installed lets the next run return at once.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("CANDOR_HOME") or ROOT / ".candor").absolute()
PACKAGES = (
    "shared",
    "services/promise-svc",
    "services/delivery-svc",
    "services/risk-svc",
    "services/notify-svc",
    "demo",
)
MAIN, DEMO, BENCH = "requirements.lock", "requirements-demo.lock", "requirements-bench.lock"
LOCKS = {
    "what production runs": MAIN,
    "the local broker and database": "requirements-local.lock",
    "build tools": "requirements-build.lock",
    "tests and checks": "requirements-dev.lock",
}
VERSION = "shared/candor/__init__.py"
NEEDED_MIB = 2048


class InstallError(Exception):
    """One clear line: what is wrong and what to do about it."""


def stamp(venv: Path, files: Iterable[Path], python: str = sys.version) -> str:
    """A value that changes whenever the environment must be rebuilt: its path, its Python, or its contents."""
    digest = hashlib.sha256(f"{venv}\n{python}\n".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def require_venv() -> None:
    """Refuses a Python without its venv module (the Makefile already refuses one that is too old)."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise InstallError("this Python has no venv module: install it (Debian: apt-get install python3-venv)")


def make_venv(venv: Path) -> None:
    """Creates an environment of this Python at `venv`; rebuilds one of another Python or another path."""
    marker = venv / "pyvenv.cfg"
    home = str(Path(sys._base_executable).parent) if hasattr(sys, "_base_executable") else sys.base_prefix
    current = marker.exists() and (venv / "bin" / "pip").exists() and home in marker.read_text()
    if current:
        return
    free = shutil.disk_usage(venv.parent).free // 2**20
    if free < NEEDED_MIB:
        raise InstallError(f"the disk that holds {venv.parent} has {free} MiB left, {NEEDED_MIB} MiB are needed")
    print(f"making the virtual environment {os.path.relpath(venv)}", flush=True)
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip().splitlines() or ["no reason given"]
        raise InstallError(f"python -m venv failed: {said[-1]}")


def keep_bytecode(venv: Path, folder: Path) -> None:
    """Makes every Python of `venv` store compiled code under `folder`, overriding the environment's settings.

    There it does not clutter the checkout. Without compiled code (PYTHONDONTWRITEBYTECODE is common in containers)
    every start of a process takes four times as long.
    """
    (packages,) = venv.glob("lib/python*/site-packages")
    line = f"import sys; sys.pycache_prefix = {str(folder)!r}; sys.dont_write_bytecode = False\n"
    file = packages / "candor-bytecode.pth"
    if not file.exists() or file.read_text() != line:
        file.write_text(line)


def pip(venv: Path, what: str, arguments: list[str], expected: int = 0) -> None:
    """Runs pip with a single progress line; its full output goes to a log, which errors name."""
    log = HOME / "logs" / "install.log"
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--no-input", "--no-deps", "--progress-bar=off"]
    environment = {**os.environ, "PIP_CACHE_DIR": str(HOME / "pip-cache"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment |= {"PYTHONNOUSERSITE": "1", "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    begun, seen, last = time.monotonic(), 0, ""
    with (
        log.open("a") as output,
        subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as child,
    ):
        for line in child.stdout or ():
            output.write(line)
            last = line.strip() or last
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                _show(f"{what}: {seen} of {expected}" if expected else f"{what}: {seen}")
            elif line.startswith("Installing collected packages"):
                _show(f"{what}: unpacking")
    if child.returncode != 0:
        errors = [text for text in log.read_text().splitlines()[-40:] if text.startswith("ERROR")] or [last]
        raise InstallError(f"pip failed ({errors[0][:200]}); all of it: {log}")
    _show(f"{what}: done in {time.monotonic() - begun:.0f} s\n")


def _show(line: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line}", end="", flush=True)
    elif line.endswith("\n"):
        print(line, end="", flush=True)


def locked(file: Path) -> int:
    """The number of packages in a lock file."""
    return sum("==" in line and not line.startswith(("#", " ")) for line in file.read_text().splitlines())


def install_main(venv: Path) -> None:
    """Installs the locked packages, the demo's data, then our own six packages from this checkout."""
    print("installing from the lock files, each package checked against its hash (the first time takes minutes)")
    hashed = ["--require-hashes", "-r"]
    for what, lock in LOCKS.items():
        pip(venv, what, ["--only-binary=:all:", *hashed, lock], locked(ROOT / lock))
    pip(venv, "the demo's data", ["--no-build-isolation", *hashed, DEMO])
    pip(venv, "Candor", ["--no-build-isolation", *(part for package in PACKAGES for part in ("-e", package))])


def install_bench(venv: Path) -> None:
    """Installs the libraries that the benchmarks compare with, in a separate environment."""
    pip(venv, "what the benches compare with", ["--require-hashes", "-r", BENCH], locked(ROOT / BENCH))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", action="store_true", help="also make .candor/bench-venv")
    arguments = parser.parse_args()
    require_venv()
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    (HOME / "logs").mkdir(mode=0o700, exist_ok=True)
    ours = ["tools/install.py", VERSION, *(f"{name}/pyproject.toml" for name in PACKAGES)]
    wanted = [(HOME / "venv", [*LOCKS.values(), DEMO, *ours], install_main)]
    if arguments.bench:
        wanted.append((HOME / "bench-venv", [BENCH], install_bench))
    for venv, files, install in wanted:
        mark, value = venv / ".installed", stamp(venv, (ROOT / name for name in files))
        if mark.exists() and mark.read_text() == value:
            continue
        mark.unlink(missing_ok=True)
        make_venv(venv)
        keep_bytecode(venv, HOME / "pycache")
        install(venv)
        # Written last, so that a killed run installs again.
        mark.write_text(value)


if __name__ == "__main__":
    try:
        main()
    except InstallError as error:
        sys.exit(f"candor: {error}")
    except OSError as error:
        sys.exit(f"candor: cannot install under {HOME}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit("candor: stopped; the next run goes on")
