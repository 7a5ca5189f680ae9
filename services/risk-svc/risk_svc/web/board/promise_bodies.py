"""What the forms about promises send: a body of what stands in the fields, or what is wrong with them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from risk_svc.web.board.promise_words import moment_of

NO_NUMBER: Final = "must be a number, such as 1200.50"
NO_NAME: Final = "name this step, or empty those below it"
NEEDED: Final = ("customer_id", "kind", "what")
MISSING: Final = "is missing"
NO_LABEL: Final = "write each as name=value, one a line, such as tier=key"
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
Read = TypeVar("Read")


class WrongFieldsError(Exception):
    """What is wrong with fields of a form, by their JSON pointers."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class StepFields(NamedTuple):
    """The fields of a step, as they stand; a step without any is none."""

    name: str
    planned: str
    told: bool


class Reader:
    """Reads the fields of a form in one zone, and collects what is wrong."""

    def __init__(self, zone: str) -> None:
        self._zone = zone.strip()
        self.wrong: dict[str, str] = {}

    def moment(self, pointer: str, text: str | None) -> str | None:
        """The time of a field as JSON; None if it is wrong."""
        return self._read(pointer, lambda: moment_of(text, self._zone).isoformat())

    def number(self, pointer: str, text: str) -> float | None:
        """The number of a field; None if it is blank or wrong."""
        return self._read(pointer, lambda: _number(text)) if text.strip() else None

    def labels(self, pointer: str, text: str) -> dict[str, str | float | bool] | None:
        """The labels of a field, one a line; None if there is none or one is wrong."""
        return self._read(pointer, lambda: _labels(text)) if text.strip() else None

    def done(self, **fields: Any) -> dict[str, Any]:
        """The body of all fields that say something. Raises WrongFieldsError if one of them was wrong."""
        if self.wrong:
            raise WrongFieldsError(self.wrong)
        return {name: value for name, value in fields.items() if value not in (None, "", [])}

    def _read(self, pointer: str, how: Callable[[], Read]) -> Read | None:
        try:
            return how()
        except ValueError as error:
            self.wrong[pointer] = str(error)
            return None


def promise(
    zone: str, due: str, worth: str, steps: Sequence[StepFields], parts: str, labels: str = "", **plain: str
) -> dict[str, Any]:
    """The body of `POST /v1/promises`; `plain` are its fields of text. Raises WrongFieldsError."""
    reader = Reader(zone)
    reader.wrong |= {f"/{name}": MISSING for name in NEEDED if not plain.get(name, "").strip()}
    at = reader.moment("/due", due)
    return reader.done(
        due=at,
        zone=zone.strip(),
        value=reader.number("/value", worth),
        milestones=_steps(reader, steps),
        scope=[{"item": line.strip()} for line in parts.splitlines() if line.strip()],
        labels=reader.labels("/labels", labels),
        **{name: text.strip() for name, text in plain.items()},
    )


def revision(zone: str, due: str, asked_by: str, *, agreed: bool, reason: str, public_reason: str) -> dict[str, Any]:
    """The body of a revision. Raises WrongFieldsError."""
    reader = Reader(zone)
    at = reader.moment("/due", due)
    said = {"reason": reason.strip(), "public_reason": public_reason.strip()}
    return reader.done(due=at, asked_by=asked_by, agreed=agreed, **said)


def report(
    zone: str, milestone: str, status: str, at: str, planned: str, *, final: bool, public_reason: str
) -> dict[str, Any]:
    """The body of a report of a step, without its promise. Raises WrongFieldsError."""
    reader = Reader(zone)
    when = reader.moment("/at", at)
    plan = reader.moment("/planned", planned) if planned else None
    said = {"milestone": milestone.strip(), "public_reason": public_reason.strip()}
    return reader.done(status=status, at=when, planned=plan, final=final, **said)


def verdict(zone: str, said: str, completed_at: str) -> dict[str, Any]:
    """The body of a verdict. Raises WrongFieldsError."""
    reader = Reader(zone)
    at = reader.moment("/completed_at", completed_at) if completed_at else None
    return reader.done(verdict=said, completed_at=at)


def _steps(reader: Reader, steps: Sequence[StepFields]) -> list[dict[str, Any]]:
    last = max((place for place, step in enumerate(steps) if step.name.strip() or step.planned), default=-1)
    found = []
    for place, step in enumerate(steps[: last + 1]):
        if not step.name.strip():
            reader.wrong[f"/milestones/{place}/name"] = NO_NAME
        planned = reader.moment(f"/milestones/{place}/planned", step.planned) if step.planned else None
        found.append({"name": step.name.strip(), "told": step.told, **({"planned": planned} if planned else {})})
    return found


def _labels(text: str) -> dict[str, str | float | bool]:
    found: dict[str, str | float | bool] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, value = (part.strip() for part in line.partition("="))
        if not name or not value or name in found:
            raise ValueError(NO_LABEL)
        found[name] = _label(value)
    return found


def _label(value: str) -> str | float | bool:
    # As in a file of promises, so that the same words teach the same.
    if value in ("true", "false"):
        return value == "true"
    return float(value) if _NUMBER.fullmatch(value) else value


def _number(text: str) -> float:
    try:
        return float(text.strip().replace(" ", ""))
    except ValueError:
        raise ValueError(NO_NUMBER) from None
