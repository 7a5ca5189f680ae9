"""Every locked package has a licence that is allowed, and the page says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.supply.licences import LicenceError, installed, licence, page, refused, rules
from tools.supply.lock import Locked, everything

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/licences.md").read_text()


def test_the_page_is_what_its_command_prints() -> None:
    assert page(ROOT) == PAGE


def test_the_page_has_every_locked_package() -> None:
    missing = [one for one in everything(ROOT) if f"| {one.name} | {one.version} |" not in PAGE]
    assert missing == []


def test_every_licence_by_hand_is_of_a_package_that_is_locked() -> None:
    names = {one.name for one in everything(ROOT)} | {one.name.partition(":")[0] for one in everything(ROOT)}
    assert set(rules()["by_hand"]) | set(rules()["jars"]) <= names


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("MIT", set()),
        ("AGPL-3.0-only", {"AGPL-3.0-only"}),
        ("MIT OR AGPL-3.0-only", set()),
        ("MIT AND AGPL-3.0-only", {"AGPL-3.0-only"}),
        ("(MIT OR AGPL-3.0-only) AND SSPL-1.0", {"SSPL-1.0"}),
        ("GPL-2.0-only WITH Classpath-exception-2.0", set()),
        ("GPL-2.0-only", {"GPL-2.0-only"}),
    ],
)
def test_a_licence_that_is_not_allowed_is_refused(expression: str, wrong: set[str]) -> None:
    assert refused(expression, rules()["allowed"]) == wrong


@pytest.mark.parametrize("said", [{}, {"strange": "see the file"}])
def test_a_package_whose_licence_nothing_says_is_named(said: dict[str, str]) -> None:
    with pytest.raises(LicenceError, match="strange 1"):
        licence(Locked("PyPI", "strange", "1"), said, rules())


def test_metadata_of_what_is_installed_here_is_read() -> None:
    assert licence(Locked("PyPI", "fastapi", "0"), installed(), rules()) == "MIT"
