"""A real API server that knows every definition that the manifests need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers import own_folder
from tools.kube.crds import definitions
from tools.kube.program import build
from tools.kube.server import Kube, running


@pytest.fixture(scope="session")
def kube() -> Iterator[Kube]:
    """The server; whatever a test applies stays."""
    with own_folder("kube") as folder, running(build(), folder.root / "server") as server:
        server.define(definitions())
        yield server
