"""The page's own words: honest by the rules that letters keep, and each with what is filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from notify_svc.compose.words import languages, translations
from notify_svc.domain.lint import lint_words
from notify_svc.page import texts
from tools.catalogues import extracted

FILLED = {"what", "due", "at", "low", "high", "by", "reason", "subject", "count", "kept", "zone", "name"}
FILLED |= {"longest", "most", "since", "until", "words", "workaround", "day"}
DISHONEST = re.compile(
    r"\b(shortly|soon|as possible|promptly|quickly|any (time|minute)|fault|blame|you failed|because of you|"
    r"certainly|definitely|guarantee|rest assured|(will|shall) (be|arrive|happen))\b",
    re.IGNORECASE,
)


def every() -> Iterator[tuple[str, str]]:
    for name, value in vars(texts).items():
        if name.isupper():
            for key, text in value.items() if isinstance(value, dict) else [("", value)]:
                for number, form in enumerate(text if isinstance(text, texts.Many) else [text]):
                    yield f"{name} {key} {number or ''}".strip(), form


EVERY = dict(every())


def test_there_are_all_of_them() -> None:
    assert len(EVERY) > 50
    assert all(isinstance(text, str) and text.strip() == text and text for text in EVERY.values())


@pytest.mark.parametrize("name", EVERY)
def test_no_text_is_vague_blames_or_is_sure_of_what_is_not(name: str) -> None:
    text = EVERY[name]
    assert not DISHONEST.search(text), (name, text)


@pytest.mark.parametrize("name", EVERY)
def test_what_is_filled_in_is_known(name: str) -> None:
    fields = set(re.findall(r"%\((\w+)\)s", EVERY[name]))
    assert fields <= FILLED, (name, fields)
    assert not re.search(r"[{}]|%(?!\(\w+\)s)", EVERY[name])


def test_no_text_of_the_page_is_missing_from_the_catalogues() -> None:
    """Each is extracted; `test_a_catalogue_is_complete` holds that what is extracted is translated."""
    wanted = {form for one in extracted() for form in ([one.id] if isinstance(one.id, str) else one.id)}
    assert set(EVERY.values()) <= wanted


@pytest.mark.parametrize("language", languages())
def test_no_language_is_vague_blames_or_is_sure_of_what_is_not(language: str) -> None:
    catalogue = translations(language)
    for name, text in EVERY.items():
        assert not lint_words(catalogue.gettext(text), language), name
