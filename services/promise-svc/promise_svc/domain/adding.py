"""A promise that its sender tells again with more: what adds to it is taken, what says otherwise is refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from promise_svc.domain.promise import Make, Promise, Terms
from promise_svc.domain.refusal import Refusal, RefusalReason

FIXED: Final = ("customer_id", "kind", "what", "made_at")
UNSAID: Final[dict[str, Any]] = {"requested_due": None, "tolerance_s": 0}
"""What a promise has where nobody said anything, of its terms besides those of Terms."""
EMPTY: Final = Terms()


def same(promise: Promise, command: Make) -> Promise:
    """The promise, if a command says what it was made with. Raises Refusal for the first field that is another."""
    first = {"due": promise.first_due, "made_at": command.made_at if command.made_now else promise.made_at}
    for name in (*FIXED, "due", *UNSAID, "terms"):
        if getattr(command, name) != (first[name] if name in first else getattr(promise, name)):
            raise _otherwise(name)
    return promise


def added(promise: Promise, command: Make, said: Collection[str]) -> Promise:
    """The promise with what its sender says of it once more, of which only the fields in `said` count.

    It is the same one where nothing is new. Raises Refusal for a field that says something else than is known.
    """
    for name in FIXED:
        if name in said and getattr(command, name) != getattr(promise, name):
            raise _otherwise(name)
    if "due" in said and command.due not in (promise.first_due, promise.latest_due, promise.held_due):
        raise _otherwise("due")
    changes = {
        name: _more(name, getattr(promise, name), getattr(command, name), unsaid)
        for name, unsaid in UNSAID.items()
        if name in said
    }
    names = [name for name in Terms.__dataclass_fields__ if name in said and name != "accepted"]
    terms = {
        name: _more(name, getattr(promise.terms, name), getattr(command.terms, name), getattr(EMPTY, name))
        for name in names
    }
    if "accepted" in said and command.terms.accepted != promise.terms.accepted:
        # Whether a deliverer has accepted is said with who it is; later it is a hand-off's to say.
        if terms.get("deliverer") in (None, promise.terms.deliverer):
            raise _otherwise("accepted")
        terms["accepted"] = command.terms.accepted
    return replace(promise, **changes, terms=replace(promise.terms, **terms))


def _more(name: str, known: Any, said: Any, unsaid: Any) -> Any:
    """The value of a field once it is said again."""
    if said in (known, unsaid):
        return known
    if known == unsaid:
        return said
    if name in ("references", "depends_on") and {*known} <= {*said}:
        return said
    if name == "labels" and known.items() <= said.items():
        return said
    raise _otherwise(name)


def _otherwise(name: str) -> Refusal:
    detail = f"a promise with this id exists already, and its {name} is another"
    return Refusal(RefusalReason.PROMISE_EXISTS, detail, "/promise_id")
