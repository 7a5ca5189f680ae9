"""Sealed texts: read by nobody else, and by us for as long as the secret that sealed them lives."""

from __future__ import annotations

import pytest

from candor.web.security.sealing import Sealing

OLD, NEW = "4f9c1e07b2d85a6633c0e1f7a98d24b5", "a80d3b6c91e24f57b60c8d2e7f1935da"


def test_a_text_comes_back_after_the_secret_changed_until_it_is_gone() -> None:
    secrets = [OLD]
    sealing = Sealing(lambda: secrets, "candor-test")
    sealed = sealing.seal("robin@example.com")
    assert "robin" not in sealed
    assert sealing.seal("robin@example.com") != sealed
    secrets.insert(0, NEW)
    assert sealing.opened(sealed) == "robin@example.com"
    assert Sealing(NEW, "candor-test").opened(sealing.seal("new")) == "new"
    secrets.remove(OLD)
    assert sealing.opened(sealed) == ""


@pytest.mark.parametrize(
    "given",
    ["", "x", "é", "====", "A" * 5000, pytest.param(Sealing(OLD, "candor-other").seal("text"), id="of another kind")],
)
def test_anything_else_is_nothing(given: str) -> None:
    assert Sealing(OLD, "candor-test").opened(given) == ""


def test_a_changed_letter_makes_it_nothing() -> None:
    sealing = Sealing(OLD, "candor-test")
    sealed = sealing.seal("text")
    assert sealing.opened(sealed.replace(sealed[40], "A" if sealed[40] != "A" else "B")) == ""


def test_bytes_come_back_likewise_and_are_forty_longer() -> None:
    sealed = Sealing(OLD, "candor-test").seal_bytes(b"\x00\xff body")
    assert len(sealed) == 40 + len(b"\x00\xff body")
    assert Sealing(lambda: [NEW, OLD], "candor-test").opened_bytes(sealed) == b"\x00\xff body"
    assert Sealing(NEW, "candor-test").opened_bytes(sealed) is None
    assert Sealing(OLD, "candor-other").opened_bytes(sealed) is None
    assert Sealing(OLD, "candor-test").opened_bytes(sealed[:-1]) is None
