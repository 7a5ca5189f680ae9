"""The backtest: files and lock-step say the same, nothing is seen before its time, nothing odd stops it."""

from __future__ import annotations

import gzip
import heapq
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from candor.errors import OperatorError
from risk_svc.backtest.run import backtest, converse
from tests.support.stream import Lines, stream

Said = list[dict[str, Any]]


def packed(path: Path, lines: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)
    return path


def from_files(folder: Path, lines: Lines) -> Said:
    out = io.BytesIO()
    events, decisions = (packed(folder / f"{n}.jsonl.gz", part) for n, part in enumerate(lines))
    backtest([events], [decisions], out, lambda _: None)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def lock_step(lines: Lines) -> Said:
    events = ((line["time"], 0, {"event": line}) for line in lines[0])
    decisions = ((line["time"], 1, {"decision": line}) for line in lines[1])
    merged = heapq.merge(events, decisions, key=lambda item: item[:2])
    out = io.BytesIO()
    converse((json.dumps(line).encode() + b"\n" for *_, line in merged), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture(scope="module")
def usual() -> Said:
    return lock_step(stream())


def test_both_modes_say_the_same(usual: Said, tmp_path: Path) -> None:
    assert from_files(tmp_path, stream()) == usual


def test_every_decision_has_one_forecast_that_makes_sense(usual: Said) -> None:
    assert [line["decision_id"] for line in usual] == [line["decision_id"] for line in stream()[1]]
    for line in usual:
        assert 0 <= line["p_late"] <= 1
        assert 0 <= line["q50"] <= line["q80"] <= line["q90"] < math.inf
    versions = [line["model"] for line in usual]
    assert versions == sorted(versions)
    assert versions[-1] > 100


def test_what_comes_later_changes_no_earlier_forecast(usual: Said) -> None:
    events, decisions = stream()
    cut = decisions[len(decisions) // 2]["time"]
    before = [line for line in decisions if line["time"] <= cut]
    found = lock_step(([line for line in events if line["time"] <= cut], before))
    assert found == usual[: len(before)]


def test_it_learns_who_is_late() -> None:
    events, decisions = stream(900)
    makers = {line["promise_id"]: line["data"]["maker"] for line in events if line["type"] == "promise.made"}
    late = {line["decision_id"]: line["p_late"] for line in lock_step((events, decisions))}
    asked = [line for line in decisions[-300:] if line["kind"] == "made"]
    mean = {
        who: sum(late[line["decision_id"]] for line in asked if (makers[line["promise_id"]] == "c") == who)
        / sum((makers[line["promise_id"]] == "c") == who for line in asked)
        for who in (True, False)
    }
    assert mean[True] > mean[False] + 0.1


@pytest.mark.parametrize("odd", [1e308, -1e300, True, None, ["list"], "x" * 5000, ""])
def test_odd_attributes_change_no_rule(odd: Any) -> None:
    for line in lock_step(stream(60, odd=odd)):
        assert 0 <= line["p_late"] <= 1
        assert 0 <= line["q50"] <= line["q80"] <= line["q90"] < math.inf


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "events.jsonl"
    bad.write_text('{"time": "2024-01-01T00:00:00Z"\n')
    with pytest.raises(OperatorError, match=r"events\.jsonl:1 "):
        backtest([bad], [], io.BytesIO(), lambda _: None)
    with pytest.raises(OperatorError, match="line 1 of standard input"):
        converse([b"not json\n"], io.BytesIO())


def test_a_mark_that_says_utf_8_is_read_over_and_utf_16_is_said(tmp_path: Path) -> None:
    marked, lines = tmp_path / "marked.jsonl", stream()
    for name, encoding in (("plain", "utf-8"), ("marked", "utf-8-sig")):
        text = "".join(json.dumps(line) + "\n" for line in lines[0])
        (tmp_path / f"{name}.jsonl").write_text(text, encoding=encoding)
    decisions = packed(tmp_path / "decisions.jsonl.gz", lines[1])
    said = [io.BytesIO(), io.BytesIO()]
    for out, name in zip(said, ("plain", "marked"), strict=True):
        backtest([tmp_path / f"{name}.jsonl"], [decisions], out, lambda _: None)
    assert said[0].getvalue() == said[1].getvalue() != b""
    marked.write_text("{}\n", encoding="utf-16")
    with pytest.raises(OperatorError, match="is encoded in UTF-16: save it as UTF-8"):
        backtest([marked], [decisions], None, lambda _: None)


def test_a_file_out_of_order_is_refused(tmp_path: Path) -> None:
    events, decisions = stream(10)
    paths = packed(tmp_path / "e.gz", events[::-1]), packed(tmp_path / "d.gz", decisions)
    with pytest.raises(OperatorError, match="sort the file"):
        backtest([paths[0]], [paths[1]], io.BytesIO(), lambda _: None)
