"""Whom a refused event names: what is wrong with it is no reason to keep it when they are erased."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from candor.intake.source import Incoming, Unusable
from candor.web.http.fields import Id, ReferenceId

NAMES: Final = ("customer_id", "promise_id", "reference")
"""The fields of an event's data that say whom it is about."""
M = TypeVar("M", bound=BaseModel)
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Customer(BaseModel):
    customer_id: Id


class _Promise(BaseModel):
    promise_id: Id


class _Pair(BaseModel):
    system: Id
    id: ReferenceId


class _Reference(BaseModel):
    reference: _Pair


def mentioned(item: Incoming | Unusable) -> Iterator[str]:
    """Whom the data of an event names, as the column `about` of stored requests has it; what is no id names nobody."""
    data = item.event.data if isinstance(item, Incoming) else item.data or _data(item.raw)
    if not isinstance(data, Mapping):
        return
    if (customer := _read(_Customer, data)) is not None:
        yield f"customer/{customer.customer_id}"
    if (promise := _read(_Promise, data)) is not None:
        yield f"promise/{promise.promise_id}"
    if (found := _read(_Reference, data)) is not None:
        yield f"reference/{found.reference.system}/{found.reference.id}"


def _read(model: type[M], data: Mapping[str, Any]) -> M | None:
    try:
        return model.model_validate(data)
    except ValidationError:
        return None


def _data(raw: bytes) -> Any:
    """The data of an event in our own words; what is no JSON has none."""
    try:
        document = msgspec.json.decode(raw.removeprefix(BOM_UTF8))
    except _UNREADABLE:
        return None
    return document.get("data") if isinstance(document, dict) else None
