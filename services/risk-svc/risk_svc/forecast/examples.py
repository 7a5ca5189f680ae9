"""Lessons waiting to be learned at the next version boundary; plain records so that they can be stored."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from risk_svc.forecast.context import Context
from risk_svc.forecast.view import View

SLIP_YARDS: Final = 0.25
"""A plan that passed counts as this many yardsticks later than it is already known to be."""
YARD_SHARE: Final = 0.3


class MadeExample(msgspec.Struct, array_like=True, tag="made"):
    """A promise was made."""

    view: View


class DueExample(msgspec.Struct, array_like=True, tag="due"):
    """A promise's deadline passed, and it was `late` or not."""

    view: View
    late: bool


class CompletionExample(msgspec.Struct, array_like=True, tag="completed"):
    """A promise was completed; this counts from `at`."""

    view: View
    at: float


class StepExample(msgspec.Struct, array_like=True, tag="step"):
    """A milestone was reached at `at`, `since` seconds after the stage `before`; `planned` if there was a plan."""

    view: View
    name: str
    at: float
    planned: float | None
    before: int
    since: float


class SlipExample(msgspec.Struct, array_like=True, tag="slip"):
    """A milestone's planned time passed `late` seconds before `at` without it."""

    view: View
    name: str
    at: float
    late: float


Lesson = MadeExample | DueExample | CompletionExample | StepExample | SlipExample


def learn(context: Context, lesson: Lesson) -> None:
    """Adds a lesson to the reference classes."""
    match lesson:
        case MadeExample(view):
            context.made(view)
        case DueExample(view, late):
            context.due(view, late)
        case CompletionExample(view, at):
            context.completed(view, at)
        case SlipExample(view, name, at, late):
            _lateness(context, view, name, late, SLIP_YARDS, at)
        case StepExample(view, name, at, planned, before, since):
            if planned is not None:
                _lateness(context, view, name, at - planned, 0.0, at)
            else:
                context.step(view, name, context.surprise(view, before, since, at), at)


def _lateness(context: Context, view: View, name: str, late: float, more: float, at: float) -> None:
    unit = context.unit(view.kind)
    context.step(view, name, math.asinh((late + more * unit) / (YARD_SHARE * unit)), at)


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Lesson)


def encoded(lesson: Lesson) -> bytes:
    """A lesson in a tenth of its memory."""
    return _encoder.encode(lesson)


def decoded(raw: bytes) -> Lesson:
    """The lesson from `encoded`."""
    lesson: Lesson = _decoder.decode(raw)
    return lesson
