"""How many segments a text message has: what the network carries, and what each costs."""

from __future__ import annotations

from typing import Final

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1)."""
EXTENDED: Final = frozenset("^{}\\[~]|€\f")
"""Its extension table: two septets each."""


def segments(text: str) -> int:
    """Segments of a text: one of 160 septets, or parts of 153; of 70 and 67 UTF-16 units if a sign needs them."""
    if all(sign in BASIC or sign in EXTENDED for sign in text):
        return _parts([2 if sign in EXTENDED else 1 for sign in text], 160, 153)
    return _parts([2 if ord(sign) > 0xFFFF else 1 for sign in text], 70, 67)


def _parts(widths: list[int], alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1
    count, room = 1, joined
    for width in widths:
        # No sign is parted.
        if width > room:
            count, room = count + 1, joined
        room -= width
    return count


def plain(text: str) -> str:
    """The text with usual signs for those of typography: one of these alone more than doubles the segments."""
    return text.translate(_PLAIN)


_PLAIN: Final = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": "..."}
    | dict.fromkeys("\xa0\u202f\u2009", " ")
)
