"""The settings of a company's sign-in: whole or refused; and where a person may be led afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.ops.settings import Settings
from candor.web.http.plain_page import plain_page
from candor.web.security.auth import Role
from candor.web.security.oidc import sign_in_of
from candor.web.security.oidc.signin import local_path, role_of
from candor.web.security.sessions import Sessions

SECRET = "4f9c1e07b2d85a6633c0e1f7a98d24b5"
HOME = "/board/"


def settings(tmp_path: Path, **changed: Any) -> Settings:
    session, client = tmp_path / "session", tmp_path / "client"
    session.write_text(SECRET)
    client.write_text("short is fine\n")
    whole: dict[str, Any] = {
        "public_url": "https://board.example/",
        "oidc_issuer": "https://login.example/realms/staff",
        "oidc_client_id": "candor",
        "oidc_client_secret_file": client,
        "session_secret_file": session,
    }
    return Settings(service="risk-svc", port=0, **(whole | changed))


def sessions() -> Sessions:
    return Sessions(SECRET, secure=True)


def test_a_whole_setting_makes_a_way_in(tmp_path: Path) -> None:
    made = sign_in_of(settings(tmp_path), sessions(), SECRET, HOME)
    assert made is not None
    assert made.cookie == "__Host-candor-signin"
    client = made._provider.client
    assert (client.id, client.secret()) == ("candor", "short is fine")
    assert client.redirect_uri == "https://board.example/signin/callback"


def test_without_an_issuer_there_is_none(tmp_path: Path) -> None:
    assert sign_in_of(settings(tmp_path, oidc_issuer=""), sessions(), SECRET, HOME) is None


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8080/realms/staff", "http://localhost:1", "http://[::1]:8080"])
def test_a_provider_on_this_machine_needs_no_tls(tmp_path: Path, issuer: str) -> None:
    there = settings(tmp_path, oidc_issuer=issuer, public_url="http://127.0.0.1:8103")
    assert sign_in_of(there, sessions(), SECRET, HOME)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"oidc_client_id": ""}, "OIDC_CLIENT_ID is missing"),
        ({"oidc_client_secret_file": ""}, "OIDC_CLIENT_SECRET_FILE is missing"),
        ({"oidc_client_secret_file": Path("/nowhere/client")}, "OIDC_CLIENT_SECRET_FILE /nowhere/client"),
        ({"oidc_client_secret_file": Path("/dev/null")}, "must hold one line"),
        ({"oidc_roles_claim": ""}, "OIDC_ROLES_CLAIM is missing"),
        ({"public_url": ""}, "PUBLIC_URL is missing"),
        ({"public_url": "http://board.example"}, "PUBLIC_URL must be an address with https://"),
        ({"oidc_issuer": "http://login.example"}, "OIDC_ISSUER must be an address with https://"),
        ({"oidc_issuer": "login.example"}, "OIDC_ISSUER must be"),
        ({"oidc_issuer": "https://user@login.example"}, "OIDC_ISSUER must be"),
        ({"oidc_issuer": "https://login.example/#staff"}, "OIDC_ISSUER must be"),
        ({"oidc_issuer": "https://[::1"}, "OIDC_ISSUER must be"),
        ({"oidc_issuer": "http://127.0.0.1.evil.example"}, "OIDC_ISSUER must be"),
    ],
)
def test_half_a_setting_is_refused_at_the_start(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sign_in_of(settings(tmp_path, **changed), sessions(), SECRET, HOME)


@given(st.text(max_size=60) | st.from_regex(r"/board/[-A-Za-z0-9._:/\\@%?#\r\n\t]{0,40}", fullmatch=True))
def test_whatever_is_asked_for_leads_to_the_board_of_this_host(wish: str) -> None:
    path = local_path(wish, HOME)
    led = urlsplit(urljoin("https://board.example/signin", path))
    assert (led.scheme, led.netloc, led.query, led.fragment) == ("https", "board.example", "", "")
    assert led.path == path
    assert path.startswith(HOME)
    assert "//" not in path
    assert ".." not in path.split("/")


@pytest.mark.parametrize("wish", ["/board/", "/board/promises/crm:A-1_x~2.b"])
def test_a_page_of_the_board_is_kept(wish: str) -> None:
    assert local_path(wish, HOME) == wish


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists))
def test_a_claim_gives_a_role_only_by_its_very_name(claim: object) -> None:
    names = claim if isinstance(claim, list) else [claim]
    assert role_of(claim) is None or role_of(claim) in [Role.of(name) for name in names if isinstance(name, str)]


def test_a_page_escapes_whatever_it_is_given() -> None:
    page = plain_page(403, "<b>", "a & <script>", ('"x"', '/"onclick="'))
    text = bytes(page.body).decode()
    assert "<script>" not in text
    assert "<b>" not in text
    assert 'onclick="' not in text
    assert page.status_code == 403
