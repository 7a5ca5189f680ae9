"""Models (for workers) and engines (for the learner to resume) as bytes; versioned, without pickle."""

from __future__ import annotations

import zlib
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.context import Context
from risk_svc.forecast.engine import Engine, WatchedPromise
from risk_svc.forecast.learner import Learner
from risk_svc.forecast.memory import Memory
from risk_svc.forecast.model import Group, Model
from risk_svc.forecast.net import Net
from risk_svc.forecast.rates import FadingMeans, Rates
from risk_svc.forecast.view import Incident

FORMAT: Final = 7
"""Increment whenever features, columns or networks change meaning: models in another format are refused."""
STATE: Final = 8
"""Increment whenever what the learner stores to go on from has another form, or FORMAT changes."""
LEVEL: Final = 1
MODEL: Final = f"candor model {FORMAT}\n".encode()
ENGINE: Final = f"candor engine {STATE}\n".encode()


class ForeignFormatError(ValueError):
    """The data was stored by another version of the engine: learn again from the journal."""


class Array(msgspec.Struct, array_like=True):
    """One numpy array."""

    dtype: str
    shape: list[int]
    data: bytes


class RatesState(msgspec.Struct, array_like=True):
    """Classes in their order, and the numbers of each, one row per class."""

    keys: list[list[str | int]]
    values: Array


class NetState(msgspec.Struct, array_like=True):
    """The averaged weights and the training state (empty in a published model)."""

    average: Array
    training: list[Array]
    steps: int


class ModelState(msgspec.Struct, array_like=True, kw_only=True):
    """The whole state of a model."""

    version: int
    groups: list[tuple[str, str, int]]
    at: float
    rates: list[RatesState]
    kinds: list[dict[str, list[float]]]
    answered: list[tuple[str, int, int]]
    columns: dict[str, int]
    rows: float
    layout: list[Array]
    nets: list[NetState]
    reference: list[Array]
    mixes: list[list[Array]]
    intervals: list[Array]
    slipped: dict[str, int] = {}
    record: dict[str, list[Array]] = {}
    spans: dict[str, dict[int, int]] = {}


class EngineState(msgspec.Struct, array_like=True, kw_only=True):
    """The whole state of an engine."""

    model: ModelState
    step: float
    by_clock: bool
    now: float
    boundary: float
    timers: list[tuple[float, int, str, str]]
    order: int
    first: int
    open: dict[str, WatchedPromise]
    incidents: dict[str, Incident]
    lessons: list[msgspec.Raw]
    fresh: list[tuple[int, bytes | None, Group]]
    completed: list[tuple[str, float, int]]
    learner: tuple[int, int]
    waiting: Array
    memory: dict[str, Array]
    counts: dict[str, int]


_encoder: Final = msgspec.msgpack.Encoder()
_model: Final = msgspec.msgpack.Decoder(ModelState)
_engine: Final = msgspec.msgpack.Decoder(EngineState)


def model_bytes(model: Model) -> bytes:
    """A model without its training state: about 1 MB, plus 100 bytes per reference class."""
    return MODEL + zlib.compress(_encoder.encode(_out(model, training=False)), LEVEL)


def model_of(raw: bytes) -> Model:
    """The model from `model_bytes`; raises ForeignFormatError if another version of the engine wrote it."""
    return _in(_model.decode(_body(raw, MODEL)), Model())


def engine_bytes(engine: Engine) -> bytes:
    """The whole state of an engine: one restored from it gives the same forecasts."""
    learner, memory = engine.learner, engine.learner.memory
    held = {name: value for name, value in vars(memory).items() if isinstance(value, np.ndarray)}
    counts = {name: value for name, value in vars(memory).items() if isinstance(value, int)}
    state = EngineState(
        model=_out(engine.model, training=True),
        step=engine.step,
        by_clock=engine.by_clock,
        now=engine.now,
        boundary=engine.boundary,
        timers=engine.timers,
        order=engine.order,
        first=engine.first,
        open=engine.open,
        incidents=engine.incidents,
        lessons=[msgspec.Raw(one) for one in engine.lessons],
        fresh=engine.fresh,
        completed=engine.completed,
        learner=(learner.met, learner.fresh),
        waiting=_pack(learner.waiting),
        memory={name: _pack(value[: memory.held]) for name, value in held.items()},
        counts=counts,
    )
    return ENGINE + zlib.compress(_encoder.encode(state), LEVEL)


def engine_of(raw: bytes) -> Engine:
    """The engine from `engine_bytes`; raises ForeignFormatError if another version of the engine wrote it."""
    state = _engine.decode(_body(raw, ENGINE))
    engine = Engine(state.step, by_clock=state.by_clock)
    engine.model = _in(state.model, engine.model)
    memory = Memory()
    for name, value in state.memory.items():
        setattr(memory, name, _unpack(value))
    for name, count in state.counts.items():
        setattr(memory, name, count)
    engine.learner = Learner(engine.model, memory)
    engine.learner.met, engine.learner.fresh = state.learner
    engine.learner.waiting = _unpack(state.waiting)
    engine.now, engine.boundary, engine.order, engine.first = state.now, state.boundary, state.order, state.first
    engine.timers, engine.open, engine.incidents = state.timers, state.open, state.incidents
    engine.lessons, engine.fresh = [bytes(one) for one in state.lessons], state.fresh
    engine.completed = state.completed
    return engine


def _body(raw: bytes, wanted: bytes) -> bytes:
    if not raw.startswith(wanted):
        found = bytes(raw[:32]).partition(b"\n")[0]
        raise ForeignFormatError(f"{wanted.decode().strip()} was looked for, and {found!r} found")
    return zlib.decompress(raw[len(wanted) :])


def _out(model: Model, *, training: bool) -> ModelState:
    context, layout, judge = model.context, model.layout, model.intervals
    return ModelState(
        version=model.version,
        groups=[(*group, number) for group, number in model.groups.items()],
        at=context.at,
        rates=[_rates_out(table) for table in _tables(context)],
        kinds=[context.leads, context.spread, context.tails],
        answered=[(kind, stage, n) for (kind, stage), n in context.answered.items()],
        columns=layout.columns,
        rows=layout.n,
        layout=[_pack(layout.total), _pack(layout.squares)],
        nets=[_net_out(net, training=training) for net in model.nets()],
        reference=[_pack(one) for one in model.reference.counted()],
        mixes=[[_pack(one) for one in mix.counted()] for mix in (model.shares, model.curves)],
        intervals=[_pack(judge.hits), _pack(judge.n), _pack(judge.drift)],
        slipped=context.slipped,
        record={kind: [_pack(np.array(one, np.float32)) for one in held] for kind, held in model.record.late.items()},
        spans=context.spans.counts,
    )


def _in(state: ModelState, model: Model) -> Model:
    model.version = state.version
    model.groups = {(kind, what): number for kind, what, number in state.groups}
    context, layout, judge = model.context, model.layout, model.intervals
    for table, stored in zip(_tables(context), state.rates, strict=True):
        rows = _unpack(stored.values).tolist()
        table.table = {tuple(key): row for key, row in zip(stored.keys, rows, strict=True)}
    context.at = state.at
    context.leads, context.spread, context.tails = state.kinds
    context.answered = {(kind, stage): n for kind, stage, n in state.answered}
    context.slipped, context.spans.counts = state.slipped, state.spans
    model.record.late = {kind: [_unpack(one).tolist() for one in held] for kind, held in state.record.items()}
    layout.columns, layout.n = state.columns, state.rows
    layout.total, layout.squares = (_unpack(one) for one in state.layout)
    layout.refresh()
    for net, held in zip(model.nets(), state.nets, strict=True):
        net.average, net.steps = _unpack(held.average), held.steps
        if held.training:
            net.weights, net.first, net.second = (_unpack(one) for one in held.training)
    model.reference.restore(_unpack(one) for one in state.reference)
    for mix, parts in zip((model.shares, model.curves), state.mixes, strict=True):
        mix.restore(_unpack(one) for one in parts)
    judge.hits, judge.n, judge.drift = (_unpack(one) for one in state.intervals)
    model.refresh(context.at)
    return model


def _tables(context: Context) -> list[Rates | FadingMeans]:
    return [context.late, context.steps, context.durations, context.recent, context.gaps]


def _rates_out(table: Rates | FadingMeans) -> RatesState:
    values = np.array(list(table.table.values()))
    return RatesState([list(key) for key in table.table], _pack(values))  # type: ignore[arg-type]


def _net_out(net: Net, *, training: bool) -> NetState:
    parts = [net.weights, net.first, net.second] if training else []
    return NetState(_pack(net.average), [_pack(one) for one in parts], net.steps)


def _pack(value: NDArray[Any]) -> Array:
    return Array(value.dtype.str, list(value.shape), value.tobytes())


def _unpack(value: Array) -> NDArray[Any]:
    return np.frombuffer(value.data, value.dtype).reshape(value.shape).copy()


__all__ = ["FORMAT", "ForeignFormatError", "engine_bytes", "engine_of", "model_bytes", "model_of"]
