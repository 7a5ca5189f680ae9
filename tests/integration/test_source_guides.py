"""The guide of each system, followed as it stands: what to paste here, and the lines that show that it works."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from candor.installation.folder import Folder
from candor.installation.running import read_running
from candor.local.secret_files import SecretPaths, add_key, ensure_secrets
from candor.local.stack import SERVICES, Stack
from candor.web.security.auth import Role
from tests.support.servers import own_folder

PAGES: Final = sorted((Path(__file__).parents[2] / "docs" / "guide" / "sources").glob("*.md"))
WRITING: Final = [service for service in SERVICES if service.name in ("promise-svc", "delivery-svc")]
READER: Final = json.JSONDecoder()
pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the lines are for curl")


def block(page: Path, language: str) -> str:
    """The page's block of a language, "" if it has none."""
    found = re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)
    assert len(found) <= 1
    return found[0] if found else ""


@pytest.fixture(scope="module")
def home() -> Iterator[tuple[Folder, dict[str, str]]]:
    """A folder whose secrets and sources are what all pages say to paste; and the key of an operator."""
    with own_folder("source-guides") as made:
        key = add_key(ensure_secrets(made), "guide", Role.OPERATOR, ())
        path = SecretPaths(made.secrets).webhooks
        said: dict[str, Any] = json.loads(path.read_text())
        for page in PAGES:
            said["sources"] |= json.loads(block(page, "json"))["sources"]
        path.write_text(json.dumps(said))
        own = [text.removeprefix("sources:\n") for page in PAGES if (text := block(page, "yaml"))]
        sources = made.root / "sources.yaml"
        sources.write_text("sources:\n" + "".join(own))
        yield made, {"KEY": key, "SOURCES_FILE": str(sources)}


@pytest.fixture(scope="module")
def shell(
    kafka: str, postgres: str, home: tuple[Folder, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What a reader of the pages has: two services, their addresses, a key, and `candor` on the path."""
    made, own = home
    stamp = secrets.token_hex(4)
    names = {"TOPIC_PREFIX": f"sources-{stamp}", "DATABASE_PREFIX": f"sources_{stamp}", **own}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        patch.setenv("DATABASE_URL", postgres)
        stack = Stack(made, services=WRITING, env=names, usual_ports=False)
        stack.start()
        try:
            running = read_running(made)
            assert running is not None
            program = tmp_path_factory.mktemp("bin") / "candor"
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m candor.cli "$@"\n')
            program.chmod(0o755)
            yield {
                **os.environ,
                "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
                "CANDOR_HOME": str(made.root),
                "PROMISES": running.address("promise-svc"),
                "DELIVERY": running.address("delivery-svc"),
                **own,
            }
        finally:
            stack.stop()


def test_every_system_has_its_page_and_is_linked() -> None:
    names = {page.stem for page in PAGES}
    assert len(names) == 18
    linking = (PAGES[0].parents[1] / "connect-a-system.md").read_text()
    assert {name for name in names if f"(sources/{name}.md)" in linking} == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_a_page_does_what_it_says(page: Path, shell: dict[str, str], tmp_path: Path) -> None:
    script = block(page, "sh")
    assert "candor sources sign" in script
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=tmp_path, env=shell, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer, end = READER.raw_decode(done.stdout)
    assert answer["rejected"] == []
    assert answer["accepted"] >= 1
    seen, _ = READER.raw_decode(done.stdout[end:].lstrip())
    if "promise_id" in seen:
        assert seen["state"] == "made"
    elif "/v1/rejected" in script:
        assert seen["items"] == []
    else:
        assert seen["items"]


def test_a_secret_that_is_not_the_pages_is_refused(shell: dict[str, str], tmp_path: Path) -> None:
    page = next(one for one in PAGES if one.stem == "pagerduty")
    script = block(page, "sh").replace("--secret 'pd-old", "--secret 'pd-new")
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=shell, capture_output=True, text=True, check=False)
    assert READER.raw_decode(done.stdout)[0]["code"] == "bad_signature"
