"""Parameters from YAML: what is left out has its default, and each mistake is named with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings

from candor_demo.fieldservice.config import ParamsError, read_params, schema, written
from candor_demo.fieldservice.params import Params
from tests.support.companies import companies


def of(folder: Path, text: str) -> Params:
    file = folder / "params.yaml"
    file.write_text(text, encoding="utf-8")
    return read_params(file)


@pytest.mark.parametrize("text", ["", "# nothing\n", "weeks: 26\n", "\ufeffweeks: 26\n"])
def test_what_is_left_out_has_its_default(tmp_path: Path, text: str) -> None:
    assert of(tmp_path, text) == Params()


@settings(max_examples=30)
@given(companies)
def test_what_is_written_is_read(params: Params) -> None:
    text = written(params)
    assert Params.model_validate(yaml.safe_load(text)) == params


def test_very_small_numbers_are_written_as_numbers(tmp_path: Path) -> None:
    tiny = Params.model_validate({"noise": 1e-05, "requests": {"earlier": -2.5e-300}, "kinds": {"a": {"bias": 1e-7}}})
    assert of(tmp_path, written(tiny)) == tiny


def test_what_is_written_says_what_each_means_with_its_range(tmp_path: Path) -> None:
    text = written(Params())
    assert "noise: 0.3  # Of ln(actual / promised), standard deviation; from 0 to 2" in text
    assert of(tmp_path, text) == Params()


MISTAKES = {
    "weeks: 0": (1, "weeks: must be greater than or equal to 1"),
    "seed: 4": (1, "seed: there is no such parameter"),
    "weeks: 4\nkinds:\n  repair:\n    days: long": (4, "kinds.repair.days: must be a valid number"),
    "kinds:\n  no: {}": (1, "needs quotes"),
    "kinds: {}": (1, "kinds: must have at least 1"),
    "weeks: 4\nweeks: 5": (2, "weeks is there twice"),
    "weeks: [": (1, "must be YAML"),
    "- weeks": (1, "must be parameters"),
    "weeks: 4\nstarts: 2025-02-30": (2, "day is out of range for month"),
    "zone: Mars/Olympus": (1, "zone: must be an IANA zone"),
    "sites: [Bad Köstritz]": (1, "sites.0: must have letters A to Z, digits and . _ : - alone"),
    "departments:\n  Vertrieb Süd: {}": (2, "departments.Vertrieb Süd: must have letters A to Z"),
    "ending: yesterday": (1, "ending"),
    "ending: 1999-01-01": (1, "ending"),
    "sites: [a, b, a]": (1, "sites: must differ from each other"),
    "noise: .nan": (1, "noise: must be a finite number"),
    "statements:\n  hops: [a]": (2, "statements.hops: must name two or more"),
    "statements:\n  drift:\n    customer: {days: 1}": (1, "drift of customer: must be one of the hops between"),
    "departments:\n  sales: {share: 0}": (1, "departments: one share must be above 0"),
    "surveys:\n  groups:\n    staff:\n      opinions: {well: [1, 2]}": (4, "well: must have at least 5"),
    "surveys:\n  groups:\n    cooks:\n      opinions: {}": (
        3,
        "groups.cooks: must be 'leadership', 'staff' or 'customers'",
    ),
    "surveys:\n  groups:\n    staff:\n      people: 3": (3, "surveys.groups.staff.opinions: is missing"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_its_line_and_what_is_expected(tmp_path: Path, text: str) -> None:
    line, expected = MISTAKES[text]
    with pytest.raises(ParamsError) as found:
        of(tmp_path, text)
    assert expected in str(found.value)
    assert f"params.yaml, line {line}: " in str(found.value)


def test_only_some_of_many_mistakes_are_said(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="and 4 more") as found:
        of(tmp_path, "".join(f"p{number}: 1\n" for number in range(14)))
    assert str(found.value).count("no such parameter") == 10


def test_a_file_that_is_no_text_or_too_long_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ParamsError, match="UTF-8"):
        read_params(file)
    file.write_bytes(b"#" * (1 << 21))
    with pytest.raises(ParamsError, match="at most 1048576 bytes"):
        read_params(file)
    with pytest.raises(ParamsError, match="must be YAML"):
        of(tmp_path, "a: " + "{a: " * 300 + "}" * 300)
    with pytest.raises(ParamsError, match="cannot read"):
        read_params(tmp_path / "none.yaml")


def test_other_hops_begin_without_the_drift_of_the_default_ones() -> None:
    assert Params.model_validate({"statements": {"hops": ["a", "b", "customer"]}}).statements.drift == {}
    assert Params.model_validate({"statements": {"hops": []}}).statements.hops == []


@pytest.mark.parametrize(
    ("given", "valid"), [({}, True), ({"weeks": 3}, True), ({"weeks": 0}, False), ({"week": 3}, False)]
)
def test_the_schema_for_editors_says_the_same(given: dict[str, Any], valid: bool) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    assert validator.is_valid(given) is valid
    assert validator.is_valid(json.loads(Params().model_dump_json()))
