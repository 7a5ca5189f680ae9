"""The generated event reference is whole, current, and accepts every golden example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from candor.contracts.asyncapi import document
from candor.contracts.golden import Example, examples

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "asyncapi.json"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def test_every_reference_resolves() -> None:
    whole = document()
    for reference in references(whole):
        node: Any = whole
        for part in reference.removeprefix("#/").split("/"):
            assert part in node, reference
            node = node[part]


def test_the_committed_reference_is_current() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == document(), (
        "run: python -m candor.contracts.asyncapi > docs/reference/asyncapi.json"
    )


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.name)
def test_golden_examples_fit_the_reference(example: Example) -> None:
    whole = document()
    headers = {name: value.decode() for name, value in example.record.headers}
    message = whole["components"]["messages"][headers["ce_type"]]
    Draft202012Validator(message["headers"]).validate(headers)
    schema = {**message["payload"], "components": whole["components"]}
    Draft202012Validator(schema).validate(msgspec.json.decode(example.record.value))
