"""The table of ASVS 5.0 leaves out no requirement, and names tests that exist."""

from __future__ import annotations

import ast
import base64
import re
import ssl
from pathlib import Path

import pytest
import yaml

from candor.web.security.auth import Role, new_key
from candor.web.security.sessions import Sessions
from notify_svc.channels.registry import registered
from tools.settings_reference import PROCESSES

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/operations/asvs.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROWS = ROW.findall(PAGE.read_text())


def test_no_requirement_is_left_out_or_named_twice() -> None:
    listed = [tuple(line.split()) for line in (Path(__file__).parent / "asvs_5_0.txt").read_text().splitlines()[1:]]
    assert [(number, level) for number, level, *_ in ROWS] == listed
    assert len(listed) == 253


def test_every_row_says_what_it_is() -> None:
    wrong = [
        number
        for number, _, title, state, shown in ROWS
        if not title or not shown or state not in ("met", "n/a", "not met")
    ]
    assert wrong == []


def test_what_is_met_is_shown_by_a_test() -> None:
    assert [number for number, _, _, state, shown in ROWS if state == "met" and not TEST.search(shown)] == []


@pytest.mark.parametrize("named", sorted(set(TEST.findall(PAGE.read_text()))))
def test_a_named_test_is_there(named: tuple[str, str]) -> None:
    path, name = named
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_mention_of_a_test_is_one_that_is_checked() -> None:
    assert PAGE.read_text().count("::test_") == len(TEST.findall(PAGE.read_text()))


def test_no_text_is_run_as_code() -> None:
    found = []
    for folder in ("services", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            found += [path.name for call in calls if isinstance(call, ast.Name) and call.id in ("eval", "exec")]
    assert found == []


def test_no_answer_lets_other_sites_read_it() -> None:
    code = [path.read_text().lower() for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    assert not [text for text in code if "access-control-allow" in text or "corsmiddleware" in text]


def test_what_nobody_may_guess_has_128_bits() -> None:
    sessions = Sessions("4f9c1e07b2d85a6633c0e1f7a98d24b5", secure=True)
    ids = {sessions.open(Role.VIEWER, by="ada").id for _ in range(100)}
    keys = {new_key()[0].removeprefix("candor_") for _ in range(100)}
    assert (len(ids), len(keys)) == (100, 100)
    assert all(len(bytes.fromhex(one)) >= 16 for one in ids)
    assert all(len(base64.urlsafe_b64decode(one + "=")) >= 32 for one in keys)
    # The module `random` can be foretold: it is for pauses and free ports alone.
    found = {
        path.name
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"^\s*(import|from) random\b", path.read_text(), re.MULTILINE)
    }
    assert found == {"channel.py", "sending.py", "group_commit.py", "poller.py", "ports.py", "queue.py"}


def test_no_tls_before_1_2_is_offered_or_taken() -> None:
    assert ssl.create_default_context().minimum_version >= ssl.TLSVersion.TLSv1_2
    proxy = ROOT / "deploy/proxy"
    assert re.findall(r"ssl_protocols (.*);", (proxy / "nginx.conf").read_text()) == ["TLSv1.2 TLSv1.3"]
    assert "minVersion: VersionTLS12" in (proxy / "traefik-routes.yaml").read_text()


def test_no_example_of_a_proxy_leads_every_path_to_https() -> None:
    proxy = ROOT / "deploy/proxy"
    plain = (proxy / "nginx.conf").read_text().partition("# A name that is none of ours")[0]
    assert re.findall(r"location ([^{]+){[^}]*?(?:{[^}]*}[^}]*)?return 308", plain) == [
        r"~ ^(/candor)?(/|/board(/.*)?|/signin)?$ "
    ]
    assert "auto_https disable_redirects" in (proxy / "Caddyfile").read_text()
    assert re.findall(r"redir (?!/)(\S+)", (proxy / "Caddyfile").read_text()) == ["@page"]
    assert "redirections" not in (proxy / "traefik.yaml").read_text()
    routes = yaml.safe_load((proxy / "traefik-routes.yaml").read_text())["http"]["routers"]
    assert [name for name, one in routes.items() if "https" in one.get("middlewares", ())] == ["pages"]
    assert [name for name, one in routes.items() if one["entryPoints"] == ["web"]] == ["pages"]
    apis = next(yaml.safe_load_all((ROOT / "deploy/k8s/overlays/production/ingress.yaml").read_text()))
    assert apis["metadata"]["annotations"]["nginx.ingress.kubernetes.io/ssl-redirect"] == "false"


def test_the_security_page_lists_every_key_that_settings_name() -> None:
    text = (ROOT / "docs/operations/security.md").read_text()
    kinds = [*PROCESSES.values(), *(one.settings for one in registered().values())]
    fields = {field.upper() for kind in kinds for field in kind.model_fields if field.endswith("_file")}
    fields -= {"CLOCK_ORIGIN_FILE", "SOURCES_FILE", "LETTERS_FILE"}
    assert {field for field in fields if f"`{field}`" not in text} == set()
