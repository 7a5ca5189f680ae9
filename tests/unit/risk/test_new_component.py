"""A new component of the gap is one file and a line of the contract's enum; nothing else knows of it."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import pytest

from candor.contracts import Component
from risk_svc.domain.component import GapComponent, OpenCase, Part
from risk_svc.domain.components import COMPONENTS
from risk_svc.domain.fold import fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.scoring import score_open
from risk_svc.domain.state import PromiseState
from tests.support.risk import DEPARTS_S, Story, prediction

ROOT = Path(__file__).parents[3]
TOY = ROOT / "tests/support/toy_component.py"
LIKELY = prediction()

# What the event, the API and the board make of a promise with two steps, open and then broken.
PROGRAM = """
import json, math
import msgspec
from candor.contracts import GapScored, Standing, Verdict
from risk_svc.domain.components import COMPONENTS
from risk_svc.domain.fold import fold
from risk_svc.domain.scoring import event_of, score_open, score_settled
from risk_svc.settings import RiskSettings
from risk_svc.web.api import presenters, responses
from risk_svc.web.board import style
from tests.unit.risk.test_new_component import LIKELY, promise
from tests.support.risk import DEPARTS_S, DUE_S, Story

story, settings = Story(), RiskSettings()
state = promise(story.made())

def shown(standing):
    event = event_of(state, standing, [])
    parts = {part.component.value: [part.x, part.share, part.evidence] for part in event.contributions}
    return {
        "score": event.score,
        "parts": parts,
        "read": msgspec.json.decode(msgspec.json.encode(event), type=GapScored) == event,
        "api": json.loads(presenters.item(state).model_dump_json()),
        "board": style.row(presenters.item(state)),
    }

score_open(state, [], LIKELY, DEPARTS_S, settings.definition, math.inf)
found = {"order": [one.name for one in COMPONENTS], "open": shown(Standing.OPEN)}
found["schema"] = responses.GapPage.model_json_schema()["$defs"]["Component"]["enum"]
end = story.settled(Verdict.BROKEN)
fold(state, end.envelope, end.data)
score_settled(state, Standing.BROKEN, DUE_S, settings.definition)
found["broken"] = shown(Standing.BROKEN)
print(json.dumps(found))
"""


def promise(*messages: Any) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        fold(state, item.envelope, item.data)
    return state


@pytest.fixture(scope="module")
def with_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Candor and risk-svc with a line in the enum and the toy's file, as the guide says."""
    root = tmp_path_factory.mktemp("with_toy")
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared/candor", root / "candor", ignore=leave)
    shutil.copytree(ROOT / "services/risk-svc/risk_svc", root / "risk_svc", ignore=leave)
    contract = root / "candor/contracts/gap.py"
    before = contract.read_text()
    after = before.replace("\n\n\nclass FactKind", '\n    STEPS = "steps"\n\n\nclass FactKind')
    assert after != before
    contract.write_text(after)
    shutil.copy(TOY, root / "risk_svc/domain/components/steps.py")
    return root


def run(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join((str(root), str(ROOT)))
    variables = os.environ | {"PYTHONPATH": paths} | environment
    return subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=variables, check=False)


@pytest.fixture(scope="module")
def found(with_toy: Path) -> Any:
    done = run(with_toy)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_found_in_the_order_of_the_enum(found: Any) -> None:
    assert found["order"] == [*Component, "steps"] == found["schema"]


def test_it_counts_in_the_score_and_has_its_share(found: Any) -> None:
    parts, score = found["open"]["parts"], found["open"]["score"]
    assert score == pytest.approx(100 * (1 - (1 - 0.9 * 0.6) * (1 - 0.4 * 0.5)), abs=0.01)
    assert parts["steps"][::2] == [0.5, "it takes 2 steps"]
    assert parts["steps"][1] == pytest.approx(math.log(1 - 0.2) / math.log(1 - score / 100), abs=1e-4)
    assert found["broken"]["score"] == pytest.approx(100 * (1 - (1 - 0.9) * (1 - 0.4 * 0.5)), abs=0.01)


def test_readers_of_the_event_understand_it(found: Any) -> None:
    assert found["open"]["read"] is found["broken"]["read"] is True


def test_the_api_and_the_board_say_it_by_name_and_evidence(found: Any) -> None:
    [told] = [part for part in found["open"]["api"]["contributions"] if part["component"] == "steps"]
    assert told["evidence"] == "it takes 2 steps"
    assert found["broken"]["board"]["why"].startswith("Broken: not delivered; it takes 2 steps; promised for")


def test_its_weight_and_its_own_setting_come_from_the_environment(with_toy: Path) -> None:
    done = run(with_toy, WEIGHTS='{"lateness": 0.1, "steps": 0.95}', MANY_STEPS="2")
    found = json.loads(done.stdout)["open"]
    assert found["parts"]["steps"][0] == 1.0
    assert found["score"] == pytest.approx(100 * (1 - (1 - 0.06) * 0.05), abs=0.01)
    assert found["board"]["why"] == "it takes 2 steps"
    refused = run(with_toy, MANY_STEPS="0")
    assert "many_steps must be above 0" in refused.stderr


class Name(StrEnum):
    MONDAYS = "mondays"


@dataclass(frozen=True, slots=True)
class Mondays(GapComponent):
    name: ClassVar[StrEnum] = Name.MONDAYS
    default_weight: ClassVar[float] = 0.2

    def open(self, case: OpenCase) -> Part | None:
        return Part(self.name, 1.0, f"it is {case.calendar.zone}'s Monday")


def test_a_definition_takes_any_components() -> None:
    definition = GapDefinition((*COMPONENTS, Mondays()), {"mondays": 0.5})
    state = promise(Story().made())
    score_open(state, [], LIKELY, DEPARTS_S, definition, math.inf)
    assert state.view.score == pytest.approx(100 * (1 - (1 - 0.54) * 0.5))
    assert [(name, words) for name, _, _, words in state.view.shares][1:] == [("mondays", "it is UTC's Monday")]
    score_open(state, [], LIKELY, DEPARTS_S, GapDefinition((Mondays(),)), math.inf)
    assert state.view.score == pytest.approx(20.0)
