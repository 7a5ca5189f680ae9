"""The bench of recorded streams: the running yardstick, what is stored, marks that are missed, and the picture."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from bench.forecast_streams import __main__ as command
from bench.forecast_streams.cases import Cases, made, read, thinned
from bench.forecast_streams.figures import Line, against, less, missed, table
from bench.forecast_streams.plot import LABEL_WIDTH, drawn, monthly, plot
from risk_svc.backtest.outcomes import OutcomeLedger
from risk_svc.forecast.engine import Forecast
from risk_svc.forecast.evaluation import Level, Measures
from tests.support.stream import stream

SAID = Forecast(0.3, 30.0, 50.0, 60.0, 1)


def _said(data: Path, path: Path, said: Forecast = SAID) -> Cases:
    """The stream's cases with the same forecast at every decision."""
    _, decisions = stream(240)
    told = {"p_late": said.p_late, "q50": said.q50, "q80": said.q80, "q90": said.q90}
    asked = [*(one["decision_id"] for one in decisions), "older"]
    path.write_text("".join(json.dumps({"decision_id": one, **told}) + "\n" for one in asked))
    return read(data / "parcels", path)


def test_the_yardstick_is_the_one_that_the_backtest_runs_along(data: Path, tmp_path: Path) -> None:
    cases, ledger = _said(data, tmp_path / "said.jsonl"), OutcomeLedger()
    events, decisions = stream(240)
    lines = sorted([(one["time"], 0, one) for one in events] + [(one["time"], 1, one) for one in decisions], key=_key)
    for _, asking, line in lines:
        if asking:
            ledger.asked(line, SAID)
        else:
            ledger.event(line)
    ledger.event({"time": "2026-01-01T00:00:00Z", "type": "other", "data": {}})
    beside = {(one.promise, one.lead): one for one in ledger.scored()[0]}
    names = sorted({name for name, _ in beside})
    assert len(cases.at) == len(beside) > 500
    for row, kind in enumerate(cases.kind.tolist()):
        one = beside[names[int(cases.table.promise[row])], kind]
        assert cases.table.base[row] == pytest.approx(one.base)
        assert cases.table.outcome[row] == one.outcome
        said = [np.nan if value is None else value for value in one.base_told]
        assert cases.table.base_told[row] == pytest.approx(said, nan_ok=True)


def _key(line: tuple[str, int, dict[str, Any]]) -> tuple[str, int]:
    return line[:2]


def test_forecasts_are_stored_and_not_made_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = CliRunner().invoke(_app(), ["--data", str(data), "--out", str(out), "--every", "4"])
    assert told.exit_code == 0, told.output
    said = out / "parcels.jsonl"
    asked = {json.loads(line)["decision_id"] for line in said.read_text().splitlines()}
    assert 0 < len(asked) < len(stream(240)[1]) / 2
    assert (out / "parcels.svg").is_file()
    before = said.stat().st_mtime_ns
    again = CliRunner().invoke(_app(), ["--data", str(data), "--out", str(out), "--beside", str(out)])
    assert said.stat().st_mtime_ns == before
    assert "Brier loss is +0.0000 less" in again.output
    assert "worst stream by coverage of P80: parcels, all" in again.output
    assert "worst quarter by Brier skill: parcels, 2024 Q1" in again.output


def test_a_thinned_stream_says_what_the_same_promises_of_the_whole_say(data: Path, tmp_path: Path) -> None:
    whole, thin = tmp_path / "whole.jsonl", tmp_path / "thin.jsonl"
    made(data / "parcels", whole, 4)
    folder = thinned(data / "parcels", tmp_path / "parcels", 4)
    made(folder, thin, 1)
    assert thin.read_bytes() == whole.read_bytes()
    assert 0 < len(read(folder, thin).at) == len(read(data / "parcels", whole).at)
    before = [one.stat().st_mtime_ns for one in sorted(folder.iterdir())]
    thinned(data / "parcels", folder, 4)
    assert [one.stat().st_mtime_ns for one in sorted(folder.iterdir())] == before


def _app() -> Any:
    import typer  # noqa: PLC0415

    app = typer.Typer()
    app.command()(command.main)
    return app


def test_a_run_that_breaks_leaves_nothing_that_looks_whole(data: Path, tmp_path: Path) -> None:
    said = tmp_path / "parcels.jsonl"
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("events", "decisions"):
        lines = gzip.decompress((data / "parcels" / f"{name}.jsonl.gz").read_bytes())
        (broken / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines[: len(lines) // 2]))
    with pytest.raises(msgspec.DecodeError):
        made(broken, said, 1)
    assert not said.exists()


def test_the_better_forecast_loses_less_and_the_reference_is_beside_it(data: Path, tmp_path: Path) -> None:
    plain = _said(data, tmp_path / "plain.jsonl")
    other = _said(data, tmp_path / "other.jsonl", Forecast(0.9, 30.0, 50.0, 60.0, 1))
    share, interval = less(plain, other)["Brier"]
    assert share > 0
    assert interval is not None
    assert 0 < interval[0] <= share <= interval[1]
    beside = against(
        plain.where(plain.dev), {"base": {"brier": 0.2, "pin": 9.0, "ece": 0.1, "cov80": 0.7, "cov90": 0.8}}
    )
    assert beside["base"]["Brier skill"] == 0
    dev = plain.table.outcome[plain.dev]
    assert beside["engine"]["Brier skill"] == pytest.approx(1 - ((0.3 - dev) ** 2).mean() / 0.2)


def test_what_misses_its_mark_is_named(data: Path, tmp_path: Path) -> None:
    rows = table(_said(data, tmp_path / "said.jsonl"))
    assert [row.what for row in rows] == ["all", "dev", "2024 Q1"]
    covered = tuple(Level(level, 100, share, 1.0) for level, share in ((0.5, 0.4), (0.8, 0.76), (0.9, 0.91)))
    found = Measures(n=100, promises=50, pinball_skill=-0.1, coverage=covered)
    assert missed([Line("all", 100, found)]) == ["all: P80 covers 76.0%", "all: pinball skill -0.100"]
    assert missed([Line("2024 Q1", 100, found)]) == []


def test_the_picture_has_a_line_for_each_figure(data: Path, tmp_path: Path) -> None:
    cases = _said(data, tmp_path / "said.jsonl")
    months, lines = monthly(cases)
    assert months == ["2024-01"]
    assert {len(line) for line in lines.values()} == {1}
    plot(cases, "parcels & more", tmp_path / "parcels.svg")
    picture = (tmp_path / "parcels.svg").read_text()
    assert picture.count('stroke-width="2"') == 3
    assert "parcels &amp; more" in picture


def test_a_bench_has_one_thread_for_numbers() -> None:
    """More only spin: the recorded streams took twice the CPU, on a busy machine many times the minutes."""
    told = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    asked = "import bench.forecast_streams.cases, psutil; print(psutil.Process().num_threads())"
    found = subprocess.run([sys.executable, "-c", asked], env=told, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "1"


def test_months_that_are_not_drawn_leave_a_gap_and_labels_have_room() -> None:
    months = [f"2017-{month:02d}" for month in range(1, 13) if month not in (4, 5)]
    picture = drawn("olist", months, {name: [50.0] * 10 for name in ("P80 covers", "P90 covers", "Brier skill")})
    assert "Deliveries to shoppers" in picture
    lines = [line for line in picture.splitlines() if 'stroke-width="2"' in line]
    assert [line.count("M") for line in lines] == [2, 2, 2]
    places = [float(found) for found in re.findall(r'x="(\d+)" y="294"', picture)]
    assert min(after - before for before, after in pairwise(places)) >= LABEL_WIDTH - 1
    assert picture.count("2017-") == len(places)
