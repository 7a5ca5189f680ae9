"""The examples of promise-svc's lists are answers that it could give, and each list has one."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey
from pydantic import BaseModel

from candor.web.http.docs import page
from promise_svc.api.list_examples import EXAMPLES, WHOLES
from promise_svc.api.matter_kinds import WAYS
from promise_svc.api.matter_responses import WHOLE
from promise_svc.api.routes.list_pages import columns_of, in_a_cell
from promise_svc.api.routes.themes import Themes
from promise_svc.domain import MACHINES, Kind
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build


@pytest.mark.parametrize(("model", "example"), [*EXAMPLES.items()], ids=lambda one: getattr(one, "__name__", ""))
def test_an_example_is_an_answer_with_fields_of_its_model_alone(
    model: type[BaseModel], example: dict[str, Any]
) -> None:
    model.model_validate(example)
    assert example.keys() == model.model_fields.keys()
    [item] = example["items"]
    assert item.keys() <= {*columns_of(model)}
    assert example["total"] == 1
    assert not any(value is None for value in item.values())


@pytest.mark.parametrize("kind", Kind)
def test_a_matter_shows_an_example_of_its_first_entry(kind: Kind) -> None:
    example = WHOLES[kind]
    WHOLE[kind].model_validate(example)
    assert example.keys() <= WHOLE[kind].model_fields.keys() | {"at"}
    [entry] = example["entries"]
    assert (entry["action"], entry["number"]) == (MACHINES[kind].begins, example["version"])
    assert example["state"] == MACHINES[kind].moves[None, entry["action"]]


def test_every_list_shows_its_example_and_comes_as_csv(tmp_path: Path) -> None:
    key = tmp_path / "public"
    key.write_bytes(base64.b64encode(bytes(PrivateKey.generate().public_key)))
    document = build(PromiseSettings(contact_public_key_file=key)).openapi()
    found = {}
    for path, operations in document["paths"].items():
        answer = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        name = answer.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name in {model.__name__ for model in EXAMPLES}:
            found[name] = answer["application/json"]["example"]
            assert "text/csv" in answer, path
            parameters = [one["name"] for one in operations["get"]["parameters"]]
            assert "format" in parameters, path
    assert found == {model.__name__: example for model, example in EXAMPLES.items()}
    for kind in Kind:
        one = document["paths"][f"{WAYS[kind].path}/{{matter_id}}"]["get"]["responses"]["200"]["content"]
        assert one["application/json"]["example"] == WHOLES[kind]
    themes = document["paths"]["/v1/sheets/themes"]["get"]["responses"]["200"]["content"]["application/json"]
    Themes.model_validate(themes["example"], extra="forbid")
    assert page(document).count("<code>Example of an answer</code>") == len(EXAMPLES) + len(WHOLES) + 1


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None),
        (3, 3),
        ("text", "text"),
        (True, "true"),
        ({"region": "north", "floors": 3, "lift": False, "none": None}, "region=north, floors=3, lift=false"),
        (["a", "b"], "a; b"),
        ([{"name": "credit", "value": 150}, {"name": "later"}], "name=credit, value=150; name=later"),
        ([], ""),
    ],
)
def test_lists_and_documents_stand_in_one_cell(value: Any, cell: Any) -> None:
    assert in_a_cell(value) == cell
