"""Which addresses nothing is ever sent to, however they are written."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.clients.public_address import Guard, NotPublicError, https_parts, is_public

PRIVATE = (
    "10.0.0.7",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.3.4",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.7",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:7",
    "64:ff9b:1::a00:7",
    "2002:a00:7::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_machine_of_a_private_network_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_a_public_machine_is(address: str) -> None:
    assert is_public(address)


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_an_address_in_ipv6_clothes_is_as_public_as_it_is_without(number: int) -> None:
    plain = ipaddress.IPv4Address(number)
    assert is_public(f"::ffff:{plain}") == is_public(str(plain))
    assert not is_public(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number)))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.customer.example/x",
        "ftp://hooks.customer.example/x",
        "https://user@hooks.customer.example/x",
        "https://user:pass@hooks.customer.example/x",
        "https://hooks.customer.example:22/x",
        "https://hooks.customer.example:99999/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://017700000001/x",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.7]/x",
        "https://localhost/x",
        "https://intranet/x",
        "https://hooks.customer.example./x",
        "https://hooks.customer.example/x#part",
        "https://hooks.customer.example/x y",
        "https://hooks.customer.example/\r\nhost:x",
        "https://höoks.customer.example/x",
        "https://",
        "https://[",
        "",
        "hooks.customer.example/x",
    ],
)
def test_an_address_that_is_no_plain_public_one_is_refused(url: str) -> None:
    with pytest.raises(NotPublicError):
        https_parts(url)
    with pytest.raises(NotPublicError):
        Guard().check(url)


@pytest.mark.parametrize(
    "url", ["https://hooks.customer.example/x", "https://hooks.customer.example:8443/x?y=1", "https://a.xn--p1ai/x"]
)
def test_a_plain_public_address_is_taken(url: str) -> None:
    assert https_parts(url).hostname


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name resolves to these."""

    async def found(_loop: Any, _host: str, port: int, **_: Any) -> list[Any]:
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            (kind, socket.SOCK_STREAM, 6, "", (address, port)) for kind, address in zip(kinds, addresses, strict=True)
        ]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", found)


async def test_a_name_is_pinned_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.215.14")
    assert await Guard().pinned("https://hooks.customer.example/x?y=1") == (
        "https://93.184.215.14:443/x?y=1",
        "hooks.customer.example",
    )
    resolving(monkeypatch, "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    assert (await Guard().pinned("https://hooks.customer.example:8443/"))[0].startswith("https://[2606:2800")


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_of_a_private_machine_is_refused_even_beside_a_public_one(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, "93.184.215.14", address)
    with pytest.raises(NotPublicError, match="names a host of a private network"):
        await Guard().pinned("https://hooks.customer.example/x")


async def test_in_development_this_machine_may_be_named_and_no_other_private_one() -> None:
    guard = Guard(private=True)
    assert await guard.pinned("http://127.0.0.1:8123/x") == ("http://127.0.0.1:8123/x", "127.0.0.1")
    with pytest.raises(NotPublicError):
        guard.check("http://10.0.0.7/x")
