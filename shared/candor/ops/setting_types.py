"""Types of settings, as the environment has them: lists, files that may be missing, names and durations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

DAY: Final = 86_400


def split_list(value: Any) -> Any:
    """Return the parts of a list as the environment has it; anything but text as it is."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)]
"""A list as the environment has it: separated by commas."""
EMPTY_IS_NONE: Final = BeforeValidator(_none_if_empty)
"""For what may be missing: an empty variable is none."""
OptionalFile = Annotated[Path | None, EMPTY_IS_NONE]
Seconds = Annotated[float, Field(ge=0.001, le=DAY)]
"""Real seconds that can be waited for: more than nothing, and no more than a day."""
ServiceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
Port = Annotated[int, Field(ge=0, le=65_535)]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:%\[\]-]{1,253}$")]
"""The name or address of another machine; the type keeps its limits where a subclass states a default."""
