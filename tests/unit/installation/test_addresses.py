"""Addresses of servers of one's own: right with several hosts, and never with a password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.installation.addresses import database_address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:pw@db.example:6000/", "db.example:6000"),
        ("postgresql://db.example", "db.example:5432"),
        ("postgresql://ada:pw@a:5432,b:5433/app", "a:5432,b:5433"),
        ("postgresql://ada:pw@a,b:5433/app?target_session_attrs=primary", "a:5432,b:5433"),
        ("postgresql://ada:pw@/app?host=a:1&host=b", "a:1,b:5432"),
        ("postgresql://ada@[::1]:6000/", "[::1]:6000"),
        ("postgresql://ada@[::1]/", "[::1]:5432"),
        ("postgresql:///app", "127.0.0.1:5432"),
        ("postgresql://ada:p@ss/w?rd@db:5432/app", "db:5432"),
    ],
)
def test_where_a_server_is(url: str, shown: str) -> None:
    assert database_address(url) == shown


@given(st.text("abcXYZ019 @:/?#[],&=%é", min_size=8).map(lambda text: f"pw{text}wp"))
def test_a_password_is_never_shown(password: str) -> None:
    assert password not in database_address(f"postgresql://ada:{password}@a:1,b:2/app")
