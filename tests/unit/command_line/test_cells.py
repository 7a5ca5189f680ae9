"""Cells of what is exported: no spreadsheet takes one for a formula."""

from __future__ import annotations

import pytest

from candor.escaping import no_formula


@pytest.mark.parametrize("lead", ["", " ", "\n", "\r\n", "\t", "\u00a0", "\u3000"])
@pytest.mark.parametrize("sign", list("=+-@\uff1d\uff0b\uff0d\uff20"))
def test_what_begins_as_a_formula_is_text(lead: str, sign: str) -> None:
    assert no_formula(f"{lead}{sign}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("text", ["ada", "a=b", "12", "", "/v1/promises", "ada@example.com"])
def test_other_text_stays(text: str) -> None:
    assert no_formula(text) == text
