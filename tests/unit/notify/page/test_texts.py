"""The page's own words: honest by the rules that letters keep, and each with what is filled in."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import pytest

from notify_svc.page import texts

FILLED = {"what", "due", "at", "low", "high", "by", "reason", "subject", "count", "kept", "zone", "name"}
FILLED |= {"longest", "most"}
DISHONEST = re.compile(
    r"\b(shortly|soon|as possible|promptly|quickly|any (time|minute)|fault|blame|you failed|because of you|"
    r"certainly|definitely|guarantee|rest assured|(will|shall) (be|arrive|happen))\b",
    re.IGNORECASE,
)


def every() -> Iterator[tuple[str, str]]:
    for name, value in vars(texts).items():
        if name.isupper():
            for key, text in value.items() if isinstance(value, dict) else [("", value)]:
                yield f"{name} {key}".strip(), text


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
    fields = {field for _, field, _, _ in string.Formatter().parse(EVERY[name]) if field is not None}
    assert fields <= FILLED, (name, fields)
