"""Carries out the Dockerfile's steps in roots under one folder, beginning with one that debootstrap makes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools.image.dockerfile import Stage, Step, assignments, expand

SUITE: Final = "bookworm"
SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# How this machine reaches its package servers: lent to each RUN, as a builder lends its own, and left in no root.
LENT: Final = {"/etc/resolv.conf": "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt": "/run/authorities.crt"}
_CACHE: Final = "type=cache,target="
_JUNK: Final = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")


class BuildError(Exception):
    """A step failed; it names the line of the Dockerfile and the step's last words."""


@dataclass
class Built:
    """A finished stage: where its root is, and what ENV, USER and WORKDIR came to."""

    root: Path
    env: dict[str, str] = field(default_factory=lambda: {"PATH": SYSTEM_PATH})
    user: str = "0:0"
    workdir: str = "/"


def first_root(folder: Path, say: Callable[[str], None]) -> Path:
    """The root that stands for debian:bookworm-slim, made once by debootstrap, with Debian's security updates named."""
    root, done = folder / f"debian-{SUITE}", folder / f"debian-{SUITE}.done"
    if done.exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"making a root of Debian {SUITE} by debootstrap")
    # What it mounts there ends with it, even if it is killed: nothing of this machine is left where we remove files.
    _run(["unshare", "--mount", "debootstrap", "--variant=minbase", SUITE, str(root)], f"debootstrap {SUITE}")
    sources = root / "etc/apt/sources.list"
    first = sources.read_text().splitlines()[0]
    mirror = first.split()[1]
    updates = [f"deb {mirror} {SUITE}-updates main", f"deb {mirror.rstrip('/')}-security {SUITE}-security main"]
    sources.write_text("\n".join([first, *updates, ""]))
    done.touch()
    return root


def build(stages: list[Stage], context: Path, folder: Path, say: Callable[[str], None]) -> Built:
    """Builds all stages in order and returns the last; only the first may begin with an image."""
    built: dict[str, Built] = {}
    last = Built(folder)
    for number, stage in enumerate(stages):
        root = folder / (stage.name or "image")
        base = built[stage.base] if stage.base in built else Built(first_root(folder, say))
        if number and stage.base not in built:
            raise BuildError(f"stage {stage.name or number} begins with {stage.base}, which cannot be fetched here")
        shutil.rmtree(root, ignore_errors=True)
        _run(["cp", "-a", str(base.root), str(root)], "copying a root")
        last = Built(root, dict(base.env), base.user, base.workdir)
        arguments: dict[str, str] = {}
        for step in stage.steps:
            say(f"{stage.name or 'image'}: {step.instruction} {step.value[:90]}")
            carry_out(step, last, arguments, context, built, folder)
        built[stage.name] = last
    return last


def carry_out(
    step: Step, into: Built, arguments: dict[str, str], context: Path, built: Mapping[str, Built], folder: Path
) -> None:
    """One step; `arguments` are the stage's ARGs so far."""
    value = expand(step.value, {**arguments, **into.env}) if step.instruction != "RUN" else step.value
    match step.instruction:
        case "ARG":
            arguments |= dict(assignments(value))
        case "ENV":
            into.env |= dict(assignments(value))
        case "USER":
            into.user = value
        case "WORKDIR":
            into.workdir = value
            inside(into.root, value).mkdir(parents=True, exist_ok=True)
        case "COPY":
            source = built[step.option("from")].root if step.option("from") else context
            copy(source, value.split(), into)
        case "RUN":
            _run(sandbox(step, into, arguments, folder), f"Dockerfile, line {step.line}")


def copy(source: Path, words: list[str], into: Built) -> None:
    """COPY: files into a folder (a last word that ends in "/"), or one file or folder to a name."""
    *names, to = words
    target = inside(into.root, str(Path(into.workdir) / to))
    for name in names:
        one = inside(source, name)
        if one.is_dir():
            shutil.copytree(one, target, symlinks=True, dirs_exist_ok=True, ignore=_JUNK if name[0] != "/" else None)
        else:
            file = target / one.name if to.endswith("/") else target
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(one, file)


def inside(root: Path, path: str) -> Path:
    """`path` as seen in `root`."""
    return root / path.lstrip("/")


def sandbox(step: Step, into: Built, arguments: Mapping[str, str], folder: Path) -> list[str]:
    """The command that runs a RUN step as root in its root, with the package servers of this machine reachable."""
    words = ["bwrap", "--bind", str(into.root), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"]
    words += ["--perms", "1777", "--tmpfs", "/tmp"]  # noqa: S108 - of the root, not of this machine
    for name, value in step.options:
        if name == "mount" and value.startswith(_CACHE):
            cache = folder / "cache"
            cache.mkdir(exist_ok=True)
            words += ["--bind", str(cache), value.removeprefix(_CACHE)]
    for here, there in LENT.items():
        if Path(here).exists():
            words += ["--ro-bind", here, there]
    words += ["--unshare-pid", "--die-with-parent", "--clearenv"]
    lent = {name: value for name, value in os.environ.items() if name.startswith("PIP_INDEX")}
    lent |= {"PIP_CERT": "/run/authorities.crt", "DEBIAN_FRONTEND": "noninteractive"}
    for name, value in {**lent, **arguments, **into.env}.items():
        words += ["--setenv", name, value]
    return [*words, "--chdir", into.workdir, "/bin/sh", "-c", step.value]


def _run(words: list[str], what: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-12:]
        raise BuildError("\n  ".join([f"{what} failed with status {done.returncode}:", *said]))
