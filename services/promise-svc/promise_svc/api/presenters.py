"""Responses: promises as JSON in one shape, from a decision or from a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from candor.contracts import STAFF
from candor.store.receipts import Answer
from promise_svc.domain import MACHINES, Change, Customer, Kind, Matter, Promise, State, Terms, fold
from promise_svc.domain.draft import REQUIRED, Draft
from promise_svc.domain.promise import ChangeKind
from promise_svc.domain.waiting import Waiting
from promise_svc.matter_events import id_of, named
from promise_svc.service.use_cases import ErasureResult, Result
from promise_svc.store.tables import ChangeRow, DraftRow, PromiseRow
from promise_svc.store.waiting_list import COLUMNS as WAITING

_encode: Final = msgspec.json.Encoder().encode


def whole(status: int) -> Callable[[Result], Answer]:
    """A presenter that returns the whole result, for routes of Candor's own API."""

    def answer(result: Result) -> Answer:
        match result:
            case Promise():
                document = decided(result)
            case Matter():
                document = matter(result)
            case Draft():
                document = {"promise_id": result.promise_id, "state": result.state, "missing": result.missing}
            case Waiting():
                raise AssertionError("what our own users say does not wait")
            case Customer():
                document = {**_who(result.customer_id), "version": result.contact_version}
            case _ if result.customer_id.startswith(STAFF):
                document = _who(result.customer_id)
            case _:
                document = {**_who(result.customer_id), "promises_erased": result.promises, **standing(result.through)}
        if isinstance(result, ErasureResult) and not result.through:
            return Answer(202, _encode(document))
        return Answer(status, _encode(document))

    return answer


def accepted(result: Result) -> Answer:
    """202 for events, with the subject and its new version, or that it waits for its promise."""
    about: dict[str, Any]
    match result:
        case Waiting():
            about = {"promise_id": result.promise_id, "waiting_id": result.waiting_id}
            return Answer(202, _encode({"state": "waiting", **about}))
        case Draft():
            return Answer(202, _encode({"state": "draft", "promise_id": result.promise_id, "missing": result.missing}))
        case Promise():
            about = {"promise_id": result.promise_id, "version": result.version}
        case Matter():
            about = {id_of(result.kind): result.matter_id, "version": result.version, "in_effect": result.in_effect}
            if result.waiting:
                return Answer(202, _encode({"state": "waiting", **about}))
        case Customer():
            about = {"customer_id": result.customer_id, "version": result.contact_version}
        case _:
            about = {"customer_id": result.customer_id}
    return Answer(202, _encode({"state": "accepted", **about}))


def matter(found: Matter) -> dict[str, Any]:
    """A matter as just decided."""
    document = {**named(found), "state": found.state, "version": found.version, "at": found.at} | changed(found)
    verdict = {} if found.verdict is None else {"verdict": found.verdict}
    return document | verdict | waits(found) | found.content | found.words


def changed(found: Matter) -> dict[str, Any]:
    """When it came to its state, of the kinds that go on."""
    return {"changed_at": found.since} if MACHINES[found.kind].goes_on else {}


def waits(found: Matter) -> dict[str, bool]:
    """Whether it waits for its promise, of the kinds that may be said before it."""
    return {"waits": found.waiting} if found.kind in (Kind.STATEMENT, Kind.CHALLENGE) else {}


def standing(through: bool) -> dict[str, str]:
    """How far an erasure is in promise-svc."""
    return {"state": "erased" if through else "erasing"}


def _who(name: str) -> dict[str, Any]:
    return {"staff_id": name.removeprefix(STAFF)} if name.startswith(STAFF) else {"customer_id": name}


def decided(promise: Promise) -> dict[str, Any]:
    """A promise as just decided."""
    return _shape({name: getattr(promise, name) for name in COLUMNS}, msgspec.to_builtins(promise.terms))


def stored(row: PromiseRow) -> dict[str, Any]:
    """A promise as stored in its row."""
    return _shape(row.model_dump(include=set(COLUMNS)), row.terms)


def history(row: PromiseRow, changes: Sequence[ChangeRow]) -> list[dict[str, Any]]:
    """A promise's changes in the order in which they were said, each as it then stood, without what does not apply."""
    promise = Promise(**row.model_dump(include=set(COLUMNS) | {"latest_at", "held_at"}), terms=Terms())
    return [_change(one) for one in fold(promise, map(_told, changes))[1]]


def _told(row: ChangeRow) -> Change:
    values = row.model_dump() | {"kind": ChangeKind(row.kind), "verdict": row.verdict and State(row.verdict)}
    return Change(**values)


def _change(one: Change) -> dict[str, Any]:
    asked_by = None if one.asked_by_customer is None else ("customer" if one.asked_by_customer else "company")
    shown = {name: getattr(one, name) for name in _CHANGE} | {"asked_by": asked_by}
    shown["in_effect"] = None if one.in_effect else False
    return {name: value for name, value in shown.items() if value is not None}


def waiting(row: Any) -> dict[str, Any]:
    """What waits for its promise, from a row of `waiting_list`."""
    return {name: getattr(row, name) for name in WAITING}


def draft(row: DraftRow) -> dict[str, Any]:
    """A draft as stored in its row, and when each of its fields was said."""
    columns = row.model_dump(exclude={"born", "fields"})
    values = {name: value for name, (_, value) in row.fields.items()}
    said = {"said_at": {name: at for name, (at, _) in row.fields.items()}}
    return columns | {name: values.pop(name, None) for name in REQUIRED} | {"terms": values} | said


def _shape(columns: dict[str, Any], terms: dict[str, Any]) -> dict[str, Any]:
    document = {name: columns[name] for name in COLUMNS} | terms
    for name, fields in _LISTS.items():
        # Promises made before a field was introduced were stored without it.
        document[name] = [dict(zip(fields, item, strict=True)) for item in terms.get(name, ())]
    return document


COLUMNS: Final = (
    *("promise_id", "customer_id", "kind", "what", "state", "version", "made_at", "requested_due", "first_due"),
    *("latest_due", "held_due", "tolerance_s", "historical", "completed_at"),
)
_CHANGE: Final = (
    *("version", "kind", "at", "due", "held_due", "agreed", "reason", "public_reason", "verdict", "judged"),
    *("completed_at", "deliverer", "accepted"),
)
_LISTS: Final = {
    "milestones": ("name", "planned", "told"),
    "depends_on": ("kind", "id"),
    "references": ("system", "id"),
    "scope": ("item", "weight", "supported"),
}
