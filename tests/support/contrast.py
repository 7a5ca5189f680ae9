"""Contrast of two colours as WCAG 2 defines it."""

from __future__ import annotations

import re

TEXT, SIGN = 4.5, 3.0
"""The least ratio of text, and of what is no text (an icon, a focus ring)."""


def channels(colour: str) -> tuple[float, float, float]:
    """Red, green and blue in [0, 1] of `#rgb`, `#rrggbb` or `rgb(…)`."""
    if colour.startswith("rgb"):
        red, green, blue = (float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3])
        return red, green, blue
    digits = colour.lstrip("#")
    whole = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    red, green, blue = (int(whole[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return red, green, blue


def luminance(colour: str) -> float:
    """Relative luminance, 0 for black and 1 for white."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """From 1 for the same to 21 for black on white."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
