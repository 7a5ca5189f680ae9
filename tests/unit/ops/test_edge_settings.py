"""How a process is reached is judged at its start: what could never work is one line with an example."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from candor.ops.edge_settings import EdgeSettings, Networks, plain_address
from candor.ops.loading import load
from candor.ops.settings import Settings


@pytest.mark.parametrize(
    ("given", "kept", "prefix"),
    [
        ("", "", ""),
        ("https://Example.com/", "https://example.com", ""),
        ("https://example.com/candor/", "https://example.com/candor", "/candor"),
        ("http://[2001:db8::1]:8080/a/b-c", "http://[2001:db8::1]:8080/a/b-c", "/a/b-c"),
    ],
)
def test_a_public_address_may_have_a_path(given: str, kept: str, prefix: str) -> None:
    found = EdgeSettings(public_url=given)
    assert (found.public_url, found.prefix) == (kept, prefix)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("example.com/candor", "begins with https://"),
        ("https:///candor", "begins with https://"),
        ("ftp://example.com", "begins with https://"),
        ("https://user@example.com", "no user"),
        ("https://example.com/candor?x=1", "no user"),
        ("https://example.com/candor#top", "no user"),
        ("https://example.com/a//b", "single slashes"),
        ("https://example.com/../a", "single slashes"),
        ("https://example.com/a b", "single slashes"),
        ("https://example.com/%63andor", "single slashes"),
        ("https://example.com:port/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://example.com/board", "path of Candor's own"),
        ("https://example.com/v1/candor", "path of Candor's own"),
        ("https://example.com/_nicegui", "path of Candor's own"),
    ],
)
def test_an_address_that_can_never_work_is_refused(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLIC_URL", given)
    with pytest.raises(SystemExit) as stopped:
        load(Settings, service="promise-svc", port=0)
    [line] = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2
    assert line.startswith("settings: PUBLIC_URL: must be an address such as https://example.com/candor: ")
    assert said in line


@pytest.mark.parametrize(("given", "kept"), [("::1", "::1"), ("[::1]", "::1"), ("::", "::"), ("0.0.0.0", "0.0.0.0")])
def test_a_process_listens_on_either_kind_of_address(given: str, kept: str) -> None:
    assert EdgeSettings(host=given).host == kept


@pytest.mark.parametrize("given", ["127.0.0.1:8101", "[::1]:8101", "http://localhost", "a b"])
def test_where_it_listens_is_no_address_with_a_port(given: str) -> None:
    with pytest.raises(ValidationError, match="without a port, such as"):
        EdgeSettings(host=given)


def test_an_ipv6_host_is_compared_as_browsers_write_it() -> None:
    assert EdgeSettings(trusted_hosts=("[0:0:0::1]", "[2001:DB8::1]")).trusted_hosts == ("[::1]", "[2001:db8::1]")
    for wrong in ("::1", "[::1]:80", "[::g]"):
        with pytest.raises(ValidationError, match=r"\[::1\]"):
            EdgeSettings(trusted_hosts=(wrong,))


@pytest.mark.parametrize("wrong", ["*", "proxy.example.com", "10.0.0.1/8", "10.0.0.0/40", "10.0.0.1:80"])
def test_whom_to_believe_is_an_address_or_a_network(wrong: str) -> None:
    given: list[dict[str, Any]] = [{"forwarded_allow_ips": (wrong,)}, {"metrics_allow_ips": (wrong,)}]
    for one in given:
        with pytest.raises(ValidationError, match=r"such as 10\.0\.0\.5,10\.1\.0\.0/16"):
            EdgeSettings(**one)


def test_an_address_is_found_in_every_form_that_a_socket_gives_it() -> None:
    near = Networks(("10.0.0.0/8", "fe80::/10"))
    for one in ("10.1.2.3", "::ffff:10.1.2.3", "fe80::1%eth0"):
        assert one in near
    for one in ("11.0.0.1", "::1", "", "testclient"):
        assert one not in near
    assert plain_address("::ffff:10.1.2.3") == "10.1.2.3"


def test_the_reference_is_open_in_development_only() -> None:
    assert Settings(service="promise-svc", port=0).reference == "open"
    assert Settings(service="promise-svc", port=0, docs="key").reference == "key"
