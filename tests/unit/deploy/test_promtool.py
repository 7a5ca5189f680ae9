"""The alert rules as Prometheus reads them, by its own promtool, whose tests leave no part of them untested."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.promtool import FOLDER, RULES, TESTS, promtool

pytestmark = pytest.mark.promtool
OTHER_TIMES = {"2h": ("119m", "121m"), "15m": ("14m", "16m")}
CHANGES: list[tuple[str, Callable[[str], str]]] = [
    (r"(?<=[<>] )0\.\d+", lambda found: f"{float(found) + 0.0001:.4f}"),
    (r"(?<=[<>] )0\.\d+", lambda found: f"{float(found) - 0.0001:.4f}"),
    (r"(?<=> )3\b|(?<=>= )1000", lambda found: str(int(found) + 1)),
    (r"(?<=> )3\b|(?<=>= )1000", lambda found: str(int(found) - 1)),
    (r"(?<=[\w)}] )[<>](?= )", lambda found: f"{found}="),
    (r"(?<=\"for\": \")\w+", lambda found: OTHER_TIMES[found][0]),
    (r"(?<=\"for\": \")\w+", lambda found: OTHER_TIMES[found][1]),
    (r"(?<=level=\\\")0\.8", lambda _: "0.5"),
    (r"warning", lambda _: "page"),
    (r"sum by \(job, instance\)|on \(job, instance\)|max(?=\()| or absent\([^)]*\)| >= 0(?=\))", lambda _: ""),
    (r"(?<=: \")[A-Z{][^\"]* ", lambda found: f"{found}not "),
]


def variants() -> list[Any]:
    """Each rule with one thing changed: a limit, a comparison, a time, a level, a word, a part left out."""
    made: list[Any] = []
    for rule in yaml.safe_load((FOLDER / RULES).read_text())["groups"][0]["rules"]:
        # As JSON, which is YAML, so that everything of the rule is one line of text.
        text = json.dumps(rule)
        for pattern, change in CHANGES:
            for found in re.finditer(pattern, text):
                changed = change(found.group())
                whole = text[: found.start()] + changed + text[found.end() :]
                named = f"{rule['alert']}-{len(made)}: {found.group()[:24]} to {changed[-24:]}"
                made.append(pytest.param(rule["alert"], json.loads(whole), id=named))
    return made


def test_prometheus_would_load_the_rules() -> None:
    found = promtool(FOLDER, "check", "rules", RULES)
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"SUCCESS: [1-9]\d* rules found", found.stdout)


def test_the_rules_do_what_their_tests_say() -> None:
    found = promtool(FOLDER, "test", "rules", TESTS)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(("alert", "rule"), variants())
def test_no_part_of_a_rule_can_change_unnoticed(alert: str, rule: dict[str, Any], tmp_path: Path) -> None:
    whole = yaml.safe_load((FOLDER / TESTS).read_text())
    # Of the tests only those of this alert: a tenth of the time.
    whole["tests"] = [one for one in whole["tests"] if one["alert_rule_test"][0]["alertname"] == alert]
    (tmp_path / TESTS).write_text(yaml.safe_dump(whole))
    (tmp_path / RULES).write_text(yaml.safe_dump({"groups": [{"name": "changed", "rules": [rule]}]}))
    found = promtool(tmp_path, "test", "rules", TESTS)
    assert found.returncode != 0
    # For what it does, not for how it is written.
    assert f"alertname: {alert}" in found.stdout + found.stderr
