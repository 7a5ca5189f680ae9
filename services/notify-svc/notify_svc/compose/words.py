"""What letters say, by language: English is written in the templates, others are gettext catalogues in `locale/`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from notify_svc.domain.lexicon import ENGLISH

FALLBACK: Final = "en_GB"
FOLDER: Final = files("notify_svc.compose") / "locale"


@cache
def languages() -> Collection[str]:
    """The languages that letters can be written in, by their codes: English, and every catalogue."""
    found = (file.name.removesuffix(".po") for file in FOLDER.iterdir() if file.name.endswith(".po"))
    return (ENGLISH, *sorted(found))


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of one of `languages`, read from its .po file; English as it is written."""
    if language == ENGLISH:
        return NullTranslations()
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def locale_of(*tags: str | None) -> str:
    """The babel locale of the first BCP 47 tag that letters can be written in: the customer's, then the company's."""
    return next(_known(tags), FALLBACK)


def _known(tags: Iterable[str | None]) -> Iterator[str]:
    for tag in tags:
        try:
            locale = Locale.parse((tag or "").replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            continue
        if locale.language in languages():
            yield str(locale) if locale.language != ENGLISH or locale.territory else FALLBACK


def language_of(locale: str) -> str:
    """The language of a babel locale, such as `pt` of `pt_BR`."""
    return locale.partition("_")[0]
