"""Parameters of presets: what a company says of its own system, such as which stage of its pipeline is a promise."""

from __future__ import annotations

from typing import Any, Final

from candor.intake.mapped.config import Parameter
from candor.web.http.fields import zones

MOST: Final = 100
LONGEST: Final = 200
_TEXT: Final = "must be a text, such as closedate"
_TEXTS: Final = "must be a list of texts, such as [closedwon]"


def given(asked: Parameter, value: Any) -> Any:
    """The value as expressions see it: numbers become texts where a text is asked for. Raises ValueError in words."""
    match asked.as_:
        case "texts":
            if not isinstance(value, list) or len(value) > MOST:
                raise ValueError(f"{_TEXTS}, of at most {MOST}")
            return [_text(one, _TEXTS) for one in value]
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError("must be a number")  # noqa: TRY004 - a mistake in a file
            return value
        case "boolean":
            if not isinstance(value, bool):
                raise ValueError("must be true or false")  # noqa: TRY004 - a mistake in a file
            return value
        case "zone":
            if value not in zones():
                raise ValueError("must be an IANA zone, such as Europe/Berlin")
            return value
    return _text(value, _TEXT)


def _text(value: Any, wanted: str) -> str:
    # Stages and fields have numbers for names in many systems, and YAML reads them as numbers.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST:
        raise ValueError(f"{wanted}, each of 1 to {LONGEST} characters" if wanted is _TEXTS else wanted)
    return value
