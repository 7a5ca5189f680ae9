"""A recorded stream in a folder, as the benches of forecasts read it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from risk_svc.backtest.stream import seconds
from tests.support.stream import stream


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one stream of 240 parcels, half of whose decisions are `dev`."""
    folder = tmp_path_factory.mktemp("data") / "parcels"
    folder.mkdir()
    events, decisions = stream(240)
    due = {one["promise_id"]: seconds(one["data"]["due"]) for one in events if one["type"] == "promise.made"}
    done = {one["promise_id"]: seconds(one["time"]) for one in events if one["data"].get("final")}
    answers = []
    for number, asked in enumerate(decisions):
        name, at = asked["promise_id"], seconds(asked["time"])
        known = {"decision_id": asked["decision_id"], "kind": asked["kind"], "promise_id": name}
        hours = (done[name] - at) / 3600 if name in done else None
        late = int(name not in done or done[name] >= due[name])
        answers.append({**known, "late": late, "hours": hours, "dev": int(2 * number > len(decisions))})
    # Asked about a promise that was made before the stream begins.
    decisions.append({**decisions[-1], "decision_id": "older", "promise_id": "older"})
    answers.append({**answers[-1], "decision_id": "older", "promise_id": "older"})
    for what, lines in (("events", events), ("decisions", decisions), ("answers", answers)):
        _write(folder / f"{what}.jsonl.gz", lines)
    base = {"brier": 0.2, "pin": 9.0, "ece": 0.1, "cov80": 0.7, "cov90": 0.8}
    (folder / "dev_baselines.json").write_text(json.dumps({"total": {"base": base}}))
    return folder.parent


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
