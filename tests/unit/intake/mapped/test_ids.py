"""Ids of names in any letters: other names have other ids, and those of plain names stay what they were."""

from __future__ import annotations

import re
import string
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from candor.intake.mapped.expressions import evaluate
from candor.intake.mapped.ids import as_id, as_slug
from candor.intake.mapped.labels import LabelRule
from candor.web.http.fields import ID_PATTERN

ASCII = st.text(string.printable, max_size=200)
LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
ALIKE = st.text(st.sampled_from("Mmüöß日本Ω. "), max_size=6)
"""Names that differ in few letters, which an id has not."""


def said(name: str) -> str:
    """A name as it is read: with plain blanks, composed."""
    return " ".join(unicodedata.normalize("NFC", name.replace("\ufeff", "")).split())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Müller", "M-ller-a78429899bb8"),
        ("Möller", "M-ller-eb78163e7d1c"),
        ("Acme\u00a0Corp", "Acme-Corp"),
        ("\ufeffAcme", "Acme"),
        ("株式会社", "e6843c6eb529"),
        ("日本 Ltd.", "Ltd.-27261588bdb8"),
        (" \u00a0", None),
        ("", None),
        ("--", "--"),
    ],
)
def test_a_name_has_its_id(name: str, found: str | None) -> None:
    assert as_id(name) == found


@given(ASCII)
@example("x" * 300)
@example("Süd".encode("ascii", "ignore").decode())
def test_plain_names_have_the_ids_that_they_always_had(name: str) -> None:
    assert as_id(name) == (re.sub(r"[^A-Za-z0-9._:-]+", "-", name.strip())[:128] or None)
    assert as_slug(name) == (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64] or None)


@given(one=LETTERS | ALIKE, other=LETTERS | ALIKE)
@example(one="Müller", other="Möller")
@example(one="日本", other="本日")
@example(one="é" * 200, other="é" * 201)
@example(one="Straße", other="Strasse")
def test_other_names_have_other_ids(one: str, other: str) -> None:
    assume(said(one) != said(other))
    assume(not (one.isascii() and other.isascii()))
    assert as_id(one) != as_id(other)
    assume(said(said(one).casefold()) != said(said(other).casefold()))
    assert as_slug(one) != as_slug(other)


@given(LETTERS | ALIKE)
@example("Ἀθῆναι")
@example("ü" * 200)
def test_an_id_is_one_and_the_same_however_a_name_is_encoded(name: str) -> None:
    for made, most in ((as_id, 128), (as_slug, 64)):
        found = made(name)
        assert {made(unicodedata.normalize(form, name)) for form in ("NFC", "NFD")} == {found}
        assert made(f"\u2009{name}\n") == found
        if found is not None:
            assert re.fullmatch(ID_PATTERN, found)
            assert len(found) <= most
            assert made(found) == found


def test_slugs_know_no_case_and_ids_do() -> None:
    assert as_slug("SÜD") == as_slug("süd") != as_slug("sud")
    assert as_id("SÜD") != as_id("süd")


def test_labels_and_expressions_make_the_same_ids() -> None:
    place = LabelRule(label="site", kind="site").place("München")
    assert place is not None
    assert place["id"] == as_id("München")
    assert evaluate("slug(x)", {"x": "München"}) == as_slug("München")
