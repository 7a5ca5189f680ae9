"""What is still asked about a need, in words; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from candor.web.http.listings import Total
from risk_svc.web.board import style

SHOWN: Final = 10
"""The oldest open questions that are named."""
COMPLETE: Final = "No question to the customer is open: what they need is complete, as far as we asked."


def lines(found: Sequence[Mapping[str, Any]], number: Total) -> list[str]:
    """How many questions are open, and the oldest of them; where none is, that the picture is complete."""
    if not found:
        return [COMPLETE]
    named = found[:SHOWN]
    left = number._replace(total=number.total - len(named))
    said = f"The customer has not answered {number} {'question' if number.total == 1 else 'questions'}:"
    later = [f"Asked later and not shown: {left}."] if left.total > 0 else []
    return [said, *map(_line, named), *later]


def _line(one: Mapping[str, Any]) -> str:
    by = f" by {one['department']}" if one["department"] else ""
    return f"{one['question']} (asked {style.clock_text(one['at'])} UTC{by})"
