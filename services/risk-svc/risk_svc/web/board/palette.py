"""The board's colours by light and by dark, as the browser's system asks, and the CSS that names them."""

from __future__ import annotations

from typing import Final

LIGHT: Final = {
    "paper": "#f4f6f8",
    "card": "#ffffff",
    "code": "#eef1f4",
    "ink": "#1f2a37",
    "muted": "#5b6776",
    "link": "#1f4e5f",
    "ring": "#1f6f8b",
    "mark": "#16404f",
    "bar": "#1f6f8b",
    "late": "#a3203a",
    "early": "#8a5f0a",
}
DARK: Final = {
    "paper": "#12181f",
    "card": "#1b232c",
    "code": "#26303a",
    "ink": "#e6eaef",
    "muted": "#a7b2bf",
    "link": "#8cc5da",
    "ring": "#8cc5da",
    "mark": "#b5dcea",
    "bar": "#5aa3bd",
    "late": "#f2909f",
    "early": "#e0b662",
}
MARKS: Final = {"positive": "#6fc09b", "negative": DARK["late"], "warning": DARK["early"], "secondary": DARK["link"]}
"""Quasar's colours of words and icons, by dark; as grounds of buttons and badges they stay what they are."""


def _named(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


_DARK: Final = "body.body--dark"
STYLE: Final = "\n".join(
    [
        f":root {{ {_named(LIGHT)} }} {_DARK} {{ {_named(DARK)} }}",
        f"body, {_DARK} {{ background: var(--paper); color: var(--ink); }}",
        # The browser's own signs, such as the calendar in a field of a date, are drawn for this ground.
        f"{_DARK} {{ color-scheme: dark; }}",
        f"{_DARK} .q-field--error .q-field__bottom {{ color: var(--late); }}",
        # Quasar's own are important; of such, those of an earlier layer count.
        "@layer overrides {",
        *(f"{_DARK} .text-{name}:not(.standstill) {{ color: {one} !important; }}" for name, one in MARKS.items()),
        f"{_DARK} .text-primary {{ color: var(--link) !important; }}",
        f"{_DARK} .text-accent {{ color: var(--late) !important; }}",
        f"{_DARK} .text-grey-8 {{ color: var(--muted) !important; }} }}",
        # A canvas knows no variables: charts keep their light ground, on which their colours are read.
        f"{_DARK} :is(.nicegui-echart, .flow-wide, .flow-narrow) {{ background: #fff; border-radius: 4px; }}",
    ]
)
