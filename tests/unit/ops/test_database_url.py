"""Addresses of PostgreSQL as providers print them: taken, or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from candor.ops import database_url


@pytest.mark.parametrize(
    ("given", "taken", "hosts", "remote"),
    [
        ("postgres://u@h/", "postgresql://u@h/", ["h"], True),
        (
            "postgresql://u:p%40ss@h1:5432,h2:5433/defaultdb?sslmode=require&channel_binding=require",
            "postgresql://u:p%40ss@h1:5432,h2:5433/defaultdb?sslmode=require",
            ["h1", "h2"],
            True,
        ),
        ("postgresql://[2001:db8::1]:6432/", "postgresql://[2001:db8::1]:6432/", ["[2001:db8::1]"], True),
        ("postgresql://[::1]:5432/", "postgresql://[::1]:5432/", ["[::1]"], False),
        ("postgresql:///?host=/run/postgresql", "postgresql:///?host=%2Frun%2Fpostgresql", [], False),
        (
            "postgresql://h/?target_session_attrs=read-write&connect_timeout=3",
            "postgresql://h/?target_session_attrs=read-write",
            ["h"],
            True,
        ),
    ],
)
def test_what_providers_print_is_taken(given: str, taken: str, hosts: list[str], remote: bool) -> None:
    assert database_url.checked(given) == taken
    assert database_url.hosts_of(taken) == hosts
    assert database_url.is_remote(taken) is remote


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("mysql://h/", "must be a PostgreSQL server, such as postgresql://"),
        ("h:5432", "must be a PostgreSQL server"),
        ("postgresql://h:abc/", "a port must be a number"),
        ("postgresql://h:70000/", "a port must be a number"),
        ("postgresql://2001:db8::1:5432/", "stands in brackets"),
        ("postgresql://h/?sslmode=on", "sslmode must be one of disable, allow"),
        ("postgresql://h/?foo=1", "there is no parameter foo; there are application_name"),
        ("postgresql://h/?pgbouncer=true", "leave it out"),
    ],
)
def test_what_can_never_work_is_refused_in_words(given: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        database_url.checked(given)


def test_the_database_changes_and_all_else_stays() -> None:
    url = "postgresql://u:p%2Fw@h1,h2:5433/defaultdb?sslmode=verify-full"
    other = database_url.named(url, "candor risk")
    assert other == "postgresql://u:p%2Fw@h1,h2:5433/candor%20risk?sslmode=verify-full"
    assert (database_url.database_of(other), database_url.password_of(other)) == ("candor risk", "p/w")
    assert database_url.verifies(other)
    assert not database_url.verifies("postgresql://h/?sslmode=require")


def test_the_systems_authorities_are_named_as_libpq_does() -> None:
    taken = database_url.checked("postgresql://h/?sslmode=verify-full&sslrootcert=system")
    assert "sslrootcert=%2F" in taken


@pytest.mark.parametrize("query", ["", "?sslmode=verify-full&sslrootcert=/run/ca%20one.crt"])
@pytest.mark.parametrize("file", [None, Path("/run/pass & word")])
def test_the_file_of_the_password_comes_out_as_it_went_in(query: str, file: Path | None) -> None:
    url = f"postgresql://u@h1,h2:5433/candor_risk{query}"
    assert database_url.parted(database_url.with_password_file(url, file)) == (url, file)
    other = database_url.named(database_url.with_password_file(url, file), "other")
    assert database_url.parted(other) == (database_url.named(url, "other"), file)
