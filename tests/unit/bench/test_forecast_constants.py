"""The table of constants with a unit: all are in it, each is changed wherever it is read, and put back."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from bench.forecast_streams import constants
from bench.forecast_streams.cases import made
from bench.forecast_streams.constants import CONSTANTS, Constant, Found, row, scaled
from risk_svc import forecast
from risk_svc.forecast import context, engine, reference
from risk_svc.forecast.evaluation import Level, Measures

DEFINED = re.compile(r"^([A-Z][A-Z_]*(?:, [A-Z][A-Z_]*)*)(?:: [^=\n]+)? = ", re.MULTILINE)
OTHERS = {
    "charts accuracy evaluation reasons serialization": "only shown or stored",
    "survival layout": "the grid and the form of features",
    "record spans stated": "what is said of forecasts and counted beside them, which changes none",
}
"""Modules without constants that forecasts depend on by their unit."""
FORMS = {
    *(
        "DAY",
        "MAX_KINDS",
        "TAIL_BINS",
        "TAIL_BIN",
        "HIDDEN",
        "COLUMNS",
        "GROUPS",
        "MOST",
        "MAX_KEYS",
        "MAX_LABELS",
        "MAX_TEXT",
    ),
    *("ROOM", "SAMPLE", "EXPERTS", "REFERENCE", "SURVIVALS", "UNKNOWN", "PIECE", "EVERY", "FAR", "TURN"),
}
"""Bounds of memory, definitions and forms."""
SHARES = {
    *("TAIL_FADE", "NEARLY_ALL", "BASE", "YARD_SHARE", "GAIN", "ALIKE", "FLOOR", "MIN_SHARE", "DOUBT", "SURE"),
    *("SMALLEST", "LARGEST", "FIRST", "SECOND", "SLOWEST", "AVERAGING", "RECENT", "SLIP_SHARE", "SUDDEN"),
}
"""Without a unit: shares, ratios, powers, rates of descent and log weights."""


def test_every_number_of_the_engine_with_a_unit_is_in_the_table() -> None:
    left_out = {name for names in OTHERS for name in names.split()}
    named = {(one.module, one.name) for one in CONSTANTS}
    found = set()
    for module in pkgutil.iter_modules(forecast.__path__):
        if module.name in left_out:
            continue
        held = importlib.import_module(f"{forecast.__name__}.{module.name}")
        defined = DEFINED.findall(Path(str(held.__file__)).read_text())
        names = {name for line in defined for name in line.split(", ")}
        found |= {(module.name, name) for name in names if isinstance(getattr(held, name), int | float)}
    assert {one for one in found - named if one[1] not in FORMS | SHARES} == set()
    assert {one for one in named - found if one != ("context", "SPEEDS")} == set()


def test_a_constant_is_changed_wherever_it_is_read_and_put_back() -> None:
    before = context.BASE_SHRINK
    with scaled(Constant("context", "BASE_SHRINK", "promises"), 2.0) as value:
        assert value == before
        assert context.BASE_SHRINK == vars(reference)["BASE_SHRINK"] == 2 * before
    assert context.BASE_SHRINK == vars(reference)["BASE_SHRINK"] == before
    with scaled(Constant("context", "SPEEDS", "leads"), 0.5):
        assert context.SPEEDS["slow"] == 15.0
    assert context.SPEEDS["slow"] == 30.0


def test_a_constant_of_the_same_name_and_value_elsewhere_stays() -> None:
    with scaled(Constant("reference", "MEMORY", "answers"), 0.5):
        assert reference.MEMORY == 500.0
        assert importlib.import_module("risk_svc.forecast.intervals").MEMORY == 2000.0


def test_a_run_begins_with_the_step_as_it_is_now(data: Path, tmp_path: Path) -> None:
    steps = []

    def begin(step: float) -> engine.Engine:
        steps.append(step)
        return engine.Engine(step)

    with scaled(Constant("engine", "STEP", "s"), 2.0):
        made(data / "parcels", tmp_path / "said.jsonl", 8, begin)
    assert steps == [2 * engine.STEP]


def measures(skill: float, p80: float) -> Measures:
    """Figures of a stream."""
    return Measures(n=9, promises=9, skill=skill, pinball_skill=skill, coverage=(Level(0.8, 9, p80, 1.0),))


def test_a_line_says_the_worst_change_and_where() -> None:
    usual = Found({"parcels": measures(0.2, 0.8), "repairs": measures(0.1, 0.79)})
    other = Found({"parcels": measures(0.21, 0.82), "repairs": measures(0.07, 0.7)})
    said = row(Constant("context", "LONGER", "y"), 0.693147, 2.0, usual, other)
    assert said.startswith("| `context.LONGER` | 0.6931 y | 2 | -0.030 (repairs) | -0.030 (repairs) | 70.0% – 82.0% |")


def test_what_is_stored_is_not_made_again(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    constants.main(data, tmp_path, 8, ["GUESSED_LEADS"])
    first = capsys.readouterr().out
    assert [line.split(" | ")[0] for line in first.splitlines()[3:]] == ["| `context.GUESSED_LEADS`"] * 2
    stored = sorted(tmp_path.glob("*/parcels.jsonl"))
    assert len(stored) == 3
    before = [one.stat().st_mtime_ns for one in stored]
    constants.main(data, tmp_path, 8, ["GUESSED_LEADS"])
    assert [one.stat().st_mtime_ns for one in stored] == before
    assert capsys.readouterr().out == first
