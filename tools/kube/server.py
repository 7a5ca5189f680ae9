"""A running API server for the length of a block, and kubectl against it."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools.kube.program import DeployCheckError

READY_SECONDS: Final = 90.0
Answer = subprocess.CompletedProcess[str]


class Kube:
    """kubectl, against one server or, for `kustomize`, none."""

    def __init__(self, program: Path, kubeconfig: Path | None = None) -> None:
        self._command = [str(program), "kubectl"]
        self._command += [f"--kubeconfig={kubeconfig}"] if kubeconfig else []

    def __call__(self, *arguments: str, given: str = "") -> Answer:
        """Run kubectl with `given` as its standard input."""
        return subprocess.run([*self._command, *arguments], input=given, capture_output=True, text=True, check=False)

    def apply(self, manifests: str, *more: str) -> Answer:
        """Apply as an operator does; a field that the server does not know is refused."""
        return self("apply", "--validate=strict", *more, "-f", "-", given=manifests)

    def kustomize(self, folder: Path) -> str:
        """Return the manifests of a folder. Raises DeployCheckError with what is wrong in it."""
        built = self("kustomize", str(folder))
        if built.returncode != 0:
            raise DeployCheckError(f"{folder.name}: {built.stderr.strip()}")
        return built.stdout

    def define(self, files: list[Path]) -> None:
        """Install definitions of custom resources and wait until they are served. Raises DeployCheckError."""
        for file in files:
            # Applied in the server: the larger ones do not fit into the annotation that kubectl would keep.
            made = self("apply", "--server-side", "-f", str(file))
            if made.returncode != 0:
                raise DeployCheckError(f"{file.name}: {made.stderr.strip()}")
        waited = self("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        if waited.returncode != 0:
            raise DeployCheckError(f"definitions are not served: {waited.stderr.strip()}")


@contextmanager
def running(program: Path, folder: Path) -> Iterator[Kube]:
    """Run a server that keeps its data in `folder`. Raises DeployCheckError with the end of its log."""
    folder.mkdir(parents=True, exist_ok=True)
    token, port = secrets.token_hex(16), _free_port()
    (folder / "tokens.csv").write_text(f'{token},check,check,"system:masters"\n')
    kube = Kube(program, _kubeconfig(folder, port, token))
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(program), "serve", str(folder), str(port)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(kube, process, log)
            yield kube
        finally:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


def _wait(kube: Kube, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    # The namespace comes last: what is applied earlier would have nowhere to go.
    while kube("get", "--raw=/readyz").returncode or kube("get", "namespace", "default").returncode:
        if process.poll() is not None or time.monotonic() > until:
            raise DeployCheckError("the API server does not start: " + " | ".join(log.read_text().splitlines()[-5:]))
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _kubeconfig(folder: Path, port: int, token: str) -> Path:
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "check", "cluster": cluster}],
        "users": [{"name": "check", "user": {"token": token}}],
        "contexts": [{"name": "check", "context": {"cluster": "check", "user": "check"}}],
        "current-context": "check",
    }
    path = folder / "kubeconfig"
    # JSON is YAML.
    path.write_text(json.dumps(config))
    return path
