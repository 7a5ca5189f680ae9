"""Runs recorded streams through the forecasting engine, from files or line by line on standard input."""

from __future__ import annotations

import gzip
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from candor.errors import InputError, plainly
from candor.replay.stream import StreamError, StreamEvent, read_stream, text_lines
from risk_svc.backtest.history import HistoryFold, lines
from risk_svc.backtest.outcomes import OutcomeLedger, natural
from risk_svc.backtest.stream import decide, seconds, take
from risk_svc.forecast.engine import Engine, Forecast

Line = tuple[str, int, dict[str, Any]]
Advanced = Callable[[int], None]
EVENT, DECISION = 0, 1
_decoder: Final = msgspec.json.Decoder(dict[str, Any])
_encoder: Final = msgspec.json.Encoder()


def backtest(
    events: Sequence[Path],
    decisions: Sequence[Path],
    out: IO[bytes] | None,
    advanced: Advanced,
    ledger: OutcomeLedger | None = None,
) -> int:
    """Write a forecast for every decision to `out` and `ledger`; returns how many.

    `advanced` is called with the compressed bytes read. Without decision files it forecasts at the natural leads.
    Raises InputError if a file is missing, is not in time order, or holds an unusable line.
    """
    return answers(Engine(), _merged(events, decisions, advanced), out, ledger)


def history(
    path: Path,
    out: IO[bytes] | None,
    advanced: Advanced,
    ledger: OutcomeLedger | None = None,
    imported: HistoryFold | None = None,
) -> int:
    """Forecast the promises of an import file at their natural leads, as the live service would.

    `advanced` is called with the lines read. Raises InputError if the file is missing, out of time order, or holds
    an unusable line.
    """
    told = lines(_in_order(path, advanced), imported or HistoryFold())
    try:
        return answers(Engine(by_clock=True), natural(told), out, ledger)
    except (StreamError, OSError) as error:
        raise InputError(str(error)) from error


def _in_order(path: Path, advanced: Advanced) -> Iterator[StreamEvent]:
    last: StreamEvent | None = None
    for number, event in read_stream(path):
        if last is not None and event.time < last.time:
            raise InputError(f"{path}, line {number}: earlier than the line before: sort the file by time")
        last = event
        advanced(1)
        yield event


def answers(
    engine: Engine, asked: Iterator[tuple[int, dict[str, Any]]], out: IO[bytes] | None, ledger: OutcomeLedger | None
) -> int:
    """Write the engine's answers to the decisions among events in time order; returns how many."""
    n = 0
    for sort, line in asked:
        try:
            said = _one(engine, sort, line)
            if ledger is not None and said is None:
                ledger.event(line)
            elif ledger is not None and said is not None:
                ledger.asked(line, said)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            name = line.get("id", line.get("decision_id", "a line"))
            raise InputError(f"{name} at {line['time']} cannot be used: {plainly(error)}") from error
        if said is not None:
            n += 1
            if out is not None:
                out.write(written(line["decision_id"], said))
    return n


def converse(lines: Iterable[bytes], out: IO[bytes]) -> int:
    """The lock-step protocol: `{"event": …}` in, nothing out; `{"decision": …}` in, one forecast out, flushed."""
    engine, n = Engine(), 0
    for number, raw in enumerate(lines, 1):
        try:
            said = _decoder.decode(raw)
            sort = DECISION if "decision" in said else EVENT
            line = said["decision" if sort else "event"]
            answer = _one(engine, sort, line)
            if answer is None:
                continue
            out.write(written(line["decision_id"], answer))
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"line {number} of standard input cannot be read: {plainly(error)}") from error
        out.flush()
        n += 1
    return n


def _merged(
    events: Sequence[Path], decisions: Sequence[Path], advanced: Advanced
) -> Iterator[tuple[int, dict[str, Any]]]:
    streams = [_lines(path, EVENT, advanced) for path in events]
    streams += [_lines(path, DECISION, advanced) for path in decisions]
    merged = heapq.merge(*streams, key=lambda item: item[:2])
    if not decisions:
        return natural(line for _, _, line in merged)
    return ((sort, line) for _, sort, line in merged)


def _one(engine: Engine, sort: int, line: dict[str, Any]) -> Forecast | None:
    if sort == DECISION:
        return decide(engine, line)
    entries = line.get("entries")
    if entries is None:
        take(engine, line)
    else:
        for entry in entries:
            engine.see(entry)
    return None


def written(decision_id: str, forecast: Forecast) -> bytes:
    """A forecast as one line; quantiles in hours from the decision, `model` is the version that made it."""
    said = {"decision_id": decision_id, "p_late": forecast.p_late, "q50": forecast.q50, "q80": forecast.q80}
    return _encoder.encode(said | {"q90": forecast.q90, "model": forecast.version}) + b"\n"


def _lines(path: Path, sort: int, advanced: Advanced) -> Iterator[Line]:
    read, last, number = 0, "", 0
    try:
        with path.open("rb") as raw, gzip.open(raw) if path.suffix == ".gz" else raw as lines:
            for number, line in enumerate(text_lines(path, lines), 1):
                found = _decoder.decode(line)
                if found["time"] < last:
                    raise InputError(f"{path}:{number} is earlier than the line before: sort the file by time")
                last = found["time"]
                seconds(last)
                if number % 1000 == 0:
                    advanced(raw.tell() - read)
                    read = raw.tell()
                yield last, sort, found
            advanced(raw.tell() - read)
    except StreamError as error:
        raise InputError(str(error)) from error
    except (OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}:{number} is not a line of the stream: {plainly(error)}") from error
