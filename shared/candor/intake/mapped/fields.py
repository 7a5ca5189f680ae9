"""Values of our events, made of a sender's JSON as a mapping says."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from candor.intake.mapped.config import Constant, Taken, Value
from candor.intake.mapped.expressions import ExpressionError, evaluate
from candor.intake.mapped.written import EXCEL, ORDERS, Order, as_id, read_date, read_number, read_serial
from candor.ops.moments import read_moment
from candor.web.http.problems import Problem

PER_SECOND: Final = {"seconds": 1, "milliseconds": 1_000, "nanoseconds": 1_000_000_000}
MOST_SHOWN: Final = 80


def made(value: Value, given: Any, pointer: str) -> Any:
    """The value; None where the sender says nothing. Raises Problem `invalid_field` at the pointer of ours."""
    if isinstance(value, str):
        return _selected(value, given, pointer)
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Taken):
        return _taken(value, given, pointer)
    if isinstance(value, dict):
        parts = {name: made(part, given, f"{pointer}/{name}") for name, part in value.items()}
        # A reference without an id, or a place without a name, is none.
        return None if None in parts.values() else parts
    entries = [made(part, given, f"{pointer}/{number}") for number, part in enumerate(value)]
    return [entry for entry in entries if entry is not None]


def moment(value: Value, given: Any, pointer: str) -> datetime | None:
    """The time that a value is."""
    found = made(value, given, pointer)
    if found is None:
        return None
    try:
        return read_moment(found if isinstance(found, str) else "")
    except ValueError as error:
        raise Problem.invalid_field(pointer, str(error)) from None


def _selected(text: str, given: Any, pointer: str) -> Any:
    try:
        return evaluate(text, given)
    except ExpressionError as error:
        raise Problem.invalid_field(pointer, str(error)) from None


def _taken(spec: Taken, given: Any, pointer: str) -> Any:
    found = _selected(spec.from_, given, pointer)
    if found is None or found == "":
        found = spec.default
        if spec.time is None or found is None:
            return found
    if spec.map is not None:
        found = _looked_up(spec, found, pointer)
    if spec.time is not None and found is not None:
        found = _time(spec, found, pointer)
    if spec.as_ is not None and found is not None:
        found = _as(spec, found, pointer)
    if spec.cut is not None and isinstance(found, str) and len(found) > spec.cut:
        found = found[: spec.cut - 1].rstrip() + "…"
    return found


def _looked_up(spec: Taken, found: Any, pointer: str) -> Any:
    named = cast("dict[str, Any]", spec.map)
    key = _text(found)
    if key in named:
        return named[key]
    if "otherwise" in spec.model_fields_set:
        return spec.otherwise
    raise Problem.invalid_field(pointer, f"the mapping has nothing for {key[:MOST_SHOWN]!r}")


def _as(spec: Taken, found: Any, pointer: str) -> Any:
    kind = spec.as_
    if kind == "text":
        return _text(found)
    if kind == "id":
        return as_id(_text(found))
    if kind == "boolean":
        return found not in (False, 0, "", "0", "false", "False", "no")
    try:
        number = read_number(found, spec.decimal) if spec.decimal and isinstance(found, str) else float(found)
    except (TypeError, ValueError):
        raise Problem.invalid_field(pointer, "must be a number") from None
    return int(number) if number.is_integer() else number


def _text(found: Any) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float) and found.is_integer():
        return str(int(found))
    return found if isinstance(found, str) else str(found)


def _time(spec: Taken, found: Any, pointer: str) -> str:
    try:
        return _moment(spec, found).isoformat()
    except (ValueError, OverflowError, OSError, TypeError):
        wanted = f"{spec.time}" if spec.zone is not None or spec.time != "iso" else "iso with a zone"
        raise Problem.invalid_field(pointer, f"must be a time ({wanted}): check `time` and `zone`") from None


def _moment(spec: Taken, found: Any) -> datetime:
    kind = cast(str, spec.time)
    zone = ZoneInfo(spec.zone or "UTC")
    if kind in PER_SECOND:
        # Split in whole numbers: as a float, nanoseconds since 1970 lose their last three digits and more.
        whole, rest = divmod(int(found), PER_SECOND[kind])
        return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest * 1_000_000 // PER_SECOND[kind])
    text, hour = str(found).strip(), time.fromisoformat(spec.at)
    if kind == EXCEL or kind in ORDERS:
        return _as_people_write(text, kind, zone, hour)
    if kind == "date":
        return datetime.combine(date.fromisoformat(text[:10]), hour, zone)
    if kind == "iso":
        try:
            return read_moment(text)
        except ValueError:
            if spec.zone is None:
                raise
            return read_moment(f"{text}Z").replace(tzinfo=zone)
    parsed = datetime.strptime(text, kind)  # noqa: DTZ007 - the zone comes from the mapping
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=zone)


def _as_people_write(text: str, kind: str, zone: ZoneInfo, hour: time) -> datetime:
    if kind == EXCEL:
        return read_serial(float(text.replace(",", ".")), zone, hour)
    try:
        # A program's own form, with its zone, may stand in the same column.
        return read_moment(text)
    except ValueError:
        return read_date(text, cast(Order, kind), zone, hour)
