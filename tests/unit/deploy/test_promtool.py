"""The rules as Prometheus reads them, by its own promtool, whose tests leave no part of them untested."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.promtool import CONFIGURATION, FOLDER, GENERATED, WATCHED, promtool, rules_of, trials_of

pytestmark = pytest.mark.promtool
Change = Callable[[str], str]
MINUTES = {"m": 1, "h": 60, "d": 1440}


def number(by: int) -> Change:
    """A limit a little higher or lower: by 0.0001, by one, or by a tenth of what counts many seconds."""

    def change(found: str) -> str:
        if "." in found:
            return f"{float(found) + by / 10_000:.4f}"
        return str(int(found) + by * (int(found) // 10 if int(found) >= 10_000 else 1))

    return change


def waits(by: int) -> Change:
    return lambda found: f"{int(found[:-1]) * MINUTES[found[-1]] + by}m"


def changes(step: int) -> list[tuple[str, Change]]:
    """What to change in a rule that is looked at every `step` minutes."""
    return [
        (r"(?<=[<>] )\d+(?:\.\d+)?", number(+1)),
        (r"(?<=[<>] )\d+(?:\.\d+)?", number(-1)),
        (r"(?<=[\w)}] )[<>](?= )", lambda found: f"{found}="),
        (r"(?<= )==(?= )", lambda _: "!="),
        (r"(?<=\"for\": \")\w+", waits(-step)),
        (r"(?<=\"for\": \")\w+", waits(+step)),
        (r"(?<==\\\")[^\"\\]+", lambda _: "none"),
        (r"(?<=~\\\")[^\"\\]+", lambda _: ".*"),
        (r"\"page\"|\"ticket\"", lambda found: '"ticket"' if "page" in found else '"page"'),
        (r"(?:sum|max|min) by \([\w, ]+\) ", lambda _: ""),
        (r"\b(?:max|sum)(?= by)", lambda _: "min"),
        (r"\bmin(?= by)", lambda _: "max"),
        (r"max(?=\()| or absent\([^)]*\)|(?<=and )on \([\w, ]+\) |(?<=unless )on \([\w, ]+\) ", lambda _: ""),
        (r"\\n +(?:and|or|unless) (?:[^\"\\]|\\\")+", lambda _: ""),
        (r"(?<=: \")[A-Z{][^\"]* ", lambda found: f"{found}not "),
    ]


def alert_of(test: dict[str, Any]) -> str:
    """The alert that a test is about; empty if it is about what is recorded."""
    return str(test["alert_rule_test"][0]["alertname"]) if "alert_rule_test" in test else ""


def variants() -> Iterator[Any]:
    """Each rule with one thing changed: a limit, a comparison, a time, a label, a word, a part left out."""
    for name in WATCHED:
        step = int(trials_of(name)["evaluation_interval"].removesuffix("m"))
        for place, rule in enumerate(rules_of(name)):
            # As JSON, which is YAML, so that everything of the rule is one line of text.
            text, title = json.dumps(rule), rule.get("alert") or rule["record"]
            for pattern, change in changes(step):
                for found in re.finditer(pattern, text):
                    changed = change(found.group())
                    whole = text[: found.start()] + changed + text[found.end() :]
                    named = f"{title}: {found.group()[:24]} at {found.start()} to {changed[-24:]}"
                    yield pytest.param(name, place, json.loads(whole), id=named)


@pytest.mark.parametrize("name", [*WATCHED, *GENERATED])
def test_prometheus_would_load_the_rules(name: str) -> None:
    found = promtool(FOLDER, "check", "rules", f"{name}.yml")
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"SUCCESS: [1-9]\d* rules found", found.stdout)


def test_prometheus_would_load_its_configuration() -> None:
    found = promtool(FOLDER, "check", "config", CONFIGURATION)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("name", [*WATCHED, *GENERATED])
def test_the_rules_do_what_their_tests_say(name: str) -> None:
    found = promtool(FOLDER, "test", "rules", f"{name}_test.yml")
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.long
@pytest.mark.parametrize(("name", "place", "rule"), list(variants()))
def test_no_part_of_a_rule_can_change_unnoticed(name: str, place: int, rule: dict[str, Any], tmp_path: Path) -> None:
    tests, groups = trials_of(name), yaml.safe_load((FOLDER / f"{name}.yml").read_text())["groups"]
    [group] = groups
    group["rules"][place] = rule
    if "alert" in rule:
        # Of the tests only those of this alert: a tenth of the time.
        tests["tests"] = [one for one in tests["tests"] if alert_of(one) == rule["alert"]]
        kept = [one for one in group["rules"] if "record" in one or one["alert"] == rule["alert"]]
        group["rules"] = kept
    (tmp_path / f"{name}_test.yml").write_text(yaml.safe_dump(tests))
    (tmp_path / f"{name}.yml").write_text(yaml.safe_dump({"groups": groups}))
    found = promtool(tmp_path, "test", "rules", f"{name}_test.yml")
    assert found.returncode != 0
    # For what it does, not for how it is written.
    assert "exp:" in found.stdout + found.stderr
