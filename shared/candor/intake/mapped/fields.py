"""Values of our events, made of a sender's JSON as a mapping says."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from math import isfinite
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from candor.intake.mapped.config import Constant, Taken, Value
from candor.intake.mapped.expressions import ExpressionError, evaluate
from candor.intake.mapped.ids import as_id
from candor.intake.mapped.written import EXCEL, ORDERS, Order, read_date, read_number, read_serial
from candor.ops.moments import ends_a_day, read_moment
from candor.web.http.fields import zones
from candor.web.http.problems import Problem

PER_SECOND: Final = {"seconds": 1, "milliseconds": 1_000, "nanoseconds": 1_000_000_000}
BILLION: Final = 1_000_000_000
MOST_SHOWN: Final = 80
_whole: Final = re.compile(r"-?[0-9]{1,15}")
_count: Final = re.compile(r"(-?)([0-9]{1,20})(?:\.([0-9]{1,9})[0-9]*)?")
_number: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_noes: Final = frozenset({"", "0", "false", "f", "no", "n", "off"})


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
        raise Problem.invalid_field(pointer, str(error), found) from None


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
        found = _time(spec, _zone(spec, given, pointer), found, pointer)
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
    if kind in ("text", "id") and isinstance(found, dict | list):
        raise Problem.invalid_field(pointer, "must be one text or number: an object or a list is selected", found)
    if kind == "text":
        return _text(found)
    if kind == "date":
        return _text(found)[:10]  # of a time, in the zone in which it was read
    if kind == "id":
        return as_id(_text(found))
    if kind == "boolean":
        return found.strip().lower() not in _noes if isinstance(found, str) else bool(found)
    try:
        number = read_number(found, spec.decimal) if spec.decimal and isinstance(found, str) else _float(found)
    except (TypeError, ValueError, OverflowError):
        raise Problem.invalid_field(pointer, "must be a number", found) from None
    return int(number) if number.is_integer() else number


def _float(found: Any) -> float:
    """A number as JSON has it, or as a text; Python reads more, such as `nan`, `inf` and `1_000`. Raises ValueError."""
    if isinstance(found, str) and not _number.fullmatch(found.strip()):
        raise ValueError("is no number")
    number = float(found)
    if not isfinite(number):
        raise ValueError("is no number that ends")
    return number


def _text(found: Any) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float) and found.is_integer():
        return str(int(found))
    return found if isinstance(found, str) else str(found)


def _zone(spec: Taken, given: Any, pointer: str) -> ZoneInfo | None:
    name = _selected(spec.zone_from, given, pointer) if spec.zone_from is not None else spec.zone
    if name is not None and name not in zones():
        raise Problem.invalid_field(pointer, "`zone_from` must select an IANA zone, such as Europe/Berlin", name)
    return ZoneInfo(name) if name is not None else None


def _time(spec: Taken, zone: ZoneInfo | None, found: Any, pointer: str) -> str:
    try:
        return _moment(spec, zone, found).isoformat()
    except (ValueError, OverflowError, OSError, TypeError):
        wanted = f"{spec.time}" if zone is not None or spec.time != "iso" else "iso with a zone"
        raise Problem.invalid_field(pointer, f"must be a time ({wanted}): check `time` and `zone`", found) from None


def _moment(spec: Taken, zone: ZoneInfo | None, found: Any) -> datetime:
    kind = cast(str, spec.time)
    if kind in PER_SECOND:
        return _since_1970(_billionths(found), PER_SECOND[kind] * BILLION)
    text = _text(found).strip()
    if kind == EXCEL or kind in ORDERS:
        return _as_people_write(text, kind, zone or ZoneInfo("UTC"), time.fromisoformat(spec.at))
    if kind == "date":
        return _end_of(date.fromisoformat(text[:10]), spec.at, zone)
    if kind in ("instant", "deadline"):
        return _instant(text, spec.at if kind == "deadline" else None, zone).astimezone(UTC)
    if kind == "iso":
        return _zoned(text, zone)
    parsed = datetime.strptime(text, kind)  # noqa: DTZ007 - the zone comes from the mapping
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=zone or UTC)


def _instant(text: str, at: str | None, zone: ZoneInfo | None) -> datetime:
    """A moment as text or in milliseconds; with `at`, the time of day that a mere date stands for."""
    if at is not None and len(text) == len("2026-11-30") and "-" in text:
        return _end_of(date.fromisoformat(text), at, zone)
    found = _since_1970(int(text), 1_000) if _whole.fullmatch(text) else _zoned(text, zone).astimezone(UTC)
    # CRMs write a date also as the midnight UTC with which it begins, which is yesterday in half of the world.
    begins_a_day = found.time() == time() and not ends_a_day(text)
    return _end_of(found.date(), at, zone) if at is not None and begins_a_day else found


def _as_people_write(text: str, kind: str, zone: ZoneInfo, hour: time) -> datetime:
    if kind == EXCEL:
        return read_serial(float(text.replace(",", ".")), zone, hour)
    try:
        # A program's own form, with its zone, may stand in the same column.
        return read_moment(text)
    except ValueError:
        return read_date(text, cast(Order, kind), zone, hour)


def _billionths(found: Any) -> int:
    """A count of billionths of what a number, or a text that is one, counts. Raises ValueError."""
    text = str(int(found) if isinstance(found, float) and found.is_integer() else found).strip()
    if (said := _count.fullmatch(text)) is None:
        raise ValueError("is no count")
    sign, whole, rest = said.groups()
    count = int(whole) * BILLION + int((rest or "").ljust(9, "0"))
    return -count if sign else count


def _since_1970(count: int, per_second: int) -> datetime:
    # Split in whole numbers: as a float, nanoseconds since 1970 lose their last three digits and more.
    whole, rest = divmod(count, per_second)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest * 1_000_000 // per_second)


def _end_of(day: date, at: str, zone: ZoneInfo | None) -> datetime:
    hour, minute = at.split(":")
    return datetime.combine(day, time(int(hour), int(minute)), zone or UTC)


def _zoned(text: str, zone: ZoneInfo | None) -> datetime:
    try:
        return read_moment(text)
    except ValueError:
        if zone is None:
            raise
        return read_moment(f"{text}Z").replace(tzinfo=zone)
