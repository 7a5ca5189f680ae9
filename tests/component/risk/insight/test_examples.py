"""The examples in the API's document are answers that the service could give."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import BaseModel

from candor.web.http.docs import page
from risk_svc.settings import RiskSettings
from risk_svc.web.api.gap_examples import CUSTOMER, GAP, GAPS
from risk_svc.web.api.insight_examples import EXAMPLES
from risk_svc.web.api.responses import CustomerGap, GapDetail, GapPage
from risk_svc.wiring import web


def leaves(value: Any) -> Any:
    """The names of a document's fields, and nothing of its values."""
    if isinstance(value, dict):
        return {name: leaves(one) for name, one in value.items()}
    return [leaves(one) for one in value] if isinstance(value, list) else None


LISTS = [*EXAMPLES.items(), (GapPage, GAPS)]


@pytest.mark.parametrize(("model", "example"), LISTS, ids=lambda one: getattr(one, "__name__", ""))
def test_an_example_has_all_fields_and_no_other(model: type[BaseModel], example: dict[str, Any]) -> None:
    assert leaves(model.model_validate(example).model_dump(mode="json")) == leaves(example)
    assert example["total"] == len(example["items"]) == 1


@pytest.mark.parametrize(("model", "example"), [(GapDetail, GAP), (CustomerGap, CUSTOMER)])
def test_an_example_of_one_has_all_fields_and_no_other(model: type[BaseModel], example: dict[str, Any]) -> None:
    assert leaves(model.model_validate(example).model_dump(mode="json")) == leaves(example)


def test_the_score_of_the_example_is_computed_again_from_what_it_shows() -> None:
    weights = GAP["inputs"]["weights"]
    logs = [math.log1p(-weights[one["component"]] * one["x"]) for one in GAP["contributions"]]
    assert round(100 * (1 - math.exp(sum(logs))), 2) == GAP["score"] == CUSTOMER["score"]
    shares = [one["share"] for one in GAP["contributions"]]
    assert shares == pytest.approx([one / sum(logs) for one in logs], abs=1e-4)


@pytest.mark.parametrize(
    ("path", "example"), [("/v1/gaps/{promise_id}", GAP), ("/v1/customers/{customer_id}/gap", CUSTOMER)]
)
def test_what_one_promise_and_one_customer_answer_is_shown_by_example(path: str, example: dict[str, Any]) -> None:
    answer = web(RiskSettings()).openapi()["paths"][path]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["example"]["inputs" if "inputs" in example else "worst"]
    assert answer["content"]["application/json"]["schema"]


def test_every_answer_of_insight_shows_its_example_and_says_that_it_comes_as_csv() -> None:
    document = web(RiskSettings()).openapi()
    found = {}
    for operations in document["paths"].values():
        if operations.get("get", {}).get("tags") == ["insight"]:
            content = operations["get"]["responses"]["200"]["content"]
            assert "text/csv" in content
            found[content["application/json"]["schema"]["$ref"].rpartition("/")[2]] = content["application/json"]
    assert all(found[model.__name__]["example"] == example for model, example in EXAMPLES.items())
    content = document["paths"]["/v1/gaps"]["get"]["responses"]["200"]["content"]
    # The document leaves out what is null.
    [item] = GAPS["items"]
    stated = {name: value for name, value in item.items() if value is not None}
    assert content["application/json"]["example"] == GAPS | {"items": [stated]}
    assert "text/csv" in content
    # And those of gaps, of one of them, of a customer's, of the brief, and of what a customer requested and got.
    assert page(document).count("<code>Example of an answer</code>") == len(found) + 5 > len(EXAMPLES)
