"""Currencies as people write them: codes, signs and words, each with the currencies that it may mean."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from candor.web.http.currencies import CURRENCIES

DOLLARS: Final = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN")
CROWNS: Final = ("SEK", "NOK", "DKK", "ISK")
_SIGNS: Final = MappingProxyType(
    {
        **{"€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"), "$": DOLLARS, "us$": ("USD",), "ca$": ("CAD",)},
        **{"c$": ("CAD",), "a$": ("AUD",), "au$": ("AUD",), "nz$": ("NZD",), "hk$": ("HKD",), "s$": ("SGD",)},
        **{"r$": ("BRL",), "₹": ("INR",), "₺": ("TRY",), "₴": ("UAH",), "₩": ("KRW",), "₪": ("ILS",), "₱": ("PHP",)},
    }
)
_WORDS: Final = MappingProxyType(
    {
        **{"kr": CROWNS, "kr.": CROWNS, "zł": ("PLN",), "kč": ("CZK",), "ft": ("HUF",), "lei": ("RON", "MDL")},
        **{"fr.": ("CHF",), "sfr": ("CHF",), "sfr.": ("CHF",), "euro": ("EUR",), "euros": ("EUR",)},
        **{"dollar": DOLLARS, "dollars": DOLLARS, "us dollar": ("USD",), "us dollars": ("USD",)},
        **{"pound": ("GBP",), "pounds": ("GBP",), "pound sterling": ("GBP",), "yen": ("JPY",), "yuan": ("CNY",)},
        **{"franken": ("CHF",), "kronor": ("SEK",), "kroner": ("NOK", "DKK")},
    }
)


def _any(names: MappingProxyType[str, tuple[str, ...]]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_word: Final = f"(?:[A-Z]{{3}}|(?i:{_any(_WORDS)}))"
_sign: Final = f"(?i:{_any(_SIGNS)})"
AROUND: Final = re.compile(rf"^(?:{_word}(?=[\s\d+-])|{_sign})\s*|\s*(?:(?<=[\s\d]){_word}|{_sign})$")
"""A currency before or behind a number; a word stands apart from other letters."""
_in_a_name: Final = re.compile(rf"(?<!\w)(?:[A-Z]{{3}}|{_sign})(?!\w)")
_number: Final = re.compile(r"[+-]?\d[\d\s.,'’-]*")


def currencies_of(text: str) -> tuple[str, ...]:
    """The currencies that a code, a sign or a word may mean, the likeliest first; none for any other text."""
    plain = " ".join(text.split())
    if plain.upper() in CURRENCIES:
        return (plain.upper(),)
    return _SIGNS.get(plain.casefold()) or _WORDS.get(plain.casefold()) or ()


def sign_beside(text: str) -> str:
    """The code, sign or word beside a number, such as `€` of `12,50 €`; "" where none stands there."""
    plain = " ".join(text.split())
    found = AROUND.search(plain)
    if found is None or not _number.fullmatch(AROUND.sub("", plain).strip()):
        return ""
    sign = found.group().strip()
    return sign if currencies_of(sign) else ""


def sign_in_name(name: str) -> str:
    """The code or sign in the name of a column, such as `EUR` of `Amount (EUR)`; "" without one."""
    return next((sign for sign in _in_a_name.findall(name) if currencies_of(sign)), "")
