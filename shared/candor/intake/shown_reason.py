"""Why an event would be refused, with the value that is wrong, for who tries a body of their own."""

from __future__ import annotations

from typing import Any

from candor.escaping import quoted
from candor.intake.intake import reason
from candor.web.http.problems import Problem


def shown_reason(problem: Problem, data: Any = None) -> str:
    """The reason with the value that is wrong, for who tries a body of their own: it is not stored.

    `data` is the event's, where it was made of the body.
    """
    error = problem.errors[0] if problem.errors else None
    found = problem.found if error is None or problem.found is not None else _at(error.pointer or "", data)
    said = reason(problem)
    return said if found is None or quoted(found) in said else f"{said}; it says {quoted(found)}"


def _at(pointer: str, data: Any) -> Any:
    """What stands at a pointer such as /data/due; None for nothing, and for what has parts of its own."""
    for part in pointer.removeprefix("/data").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, list):
            data = data[int(name)] if name.isdigit() and int(name) < len(data) else None
        else:
            data = data.get(name) if isinstance(data, dict) else None
    return None if isinstance(data, dict | list) else data
