"""Makes Prometheus's rules of the objectives in deploy/slo (OpenSLO v1): error ratios, budgets left, and burn alerts.

    python3 tools/slo_rules.py [--check]

Several windows and burn rates an objective: a fast one for what hurts at once, slow ones for what adds up.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
SLO, RULES = ROOT / "deploy/slo", ROOT / "deploy/prometheus"
WINDOW: Final = "{{.window}}"
SECONDS: Final = {"m": 60, "h": 3600, "d": 86400}
HEAD: Final = "# Made of deploy/slo by tools/slo_rules.py: change those, and run it again.\n"


class Burn(NamedTuple):
    """Alert `alert` when the budget burns faster than `rate` over both windows, for `after`."""

    alert: str
    severity: str
    rate: float
    long: str
    short: str
    after: str
    description: str


def documents() -> list[dict[str, Any]]:
    """Every object in deploy/slo."""
    found: list[dict[str, Any]] = []
    for path in sorted(SLO.glob("*.yaml")):
        found += [each for each in yaml.safe_load_all(path.read_text()) if each is not None]
    return found


def burn(policy: dict[str, Any]) -> Burn:
    """The condition of an AlertPolicy."""
    notes, spec = policy["metadata"]["annotations"], policy["spec"]
    [condition] = spec["conditions"]
    how = condition["spec"]["condition"]
    if (how["kind"], how["op"]) != ("burnrate", "gt"):
        raise ValueError(f"{policy['metadata']['name']}: only a burnrate above (gt) a threshold is understood")
    return Burn(
        notes["candor/alert"],
        condition["spec"]["severity"],
        how["threshold"],
        how["lookbackWindow"],
        notes["candor/short-window"],
        how["alertAfter"],
        spec["description"],
    )


def seconds(window: str) -> int:
    """A window such as 6h in seconds."""
    return int(window[:-1]) * SECONDS[window[-1]]


def error_ratio(slo: dict[str, Any], window: str) -> str:
    """The share of bad events over a window; 0 while nothing bad was ever counted."""
    ratio = slo["spec"]["indicator"]["spec"]["ratioMetric"]
    query = {
        name: " ".join(ratio[name]["metricSource"]["spec"]["query"].split()) for name in ratio.keys() - {"counter"}
    }
    query = {}
    for name in ratio.keys() - {"counter"}:
        query[name] = " ".join(ratio[name]["metricSource"]["spec"]["query"].split()).replace(WINDOW, window)
    if "bad" in query:
        return f"({query['bad']} or vector(0)) / ({query['total']})"
    return f"1 - ({query['good']}) / ({query['total']})"


def recorded(window: str) -> str:
    """The name of the recorded error ratio over a window."""
    return f"slo:candor_errors:ratio_rate{window}"


def budget_of(slo: dict[str, Any]) -> float:
    """The share of events that may be bad."""
    [objective] = slo["spec"]["objectives"]
    return float(round(1 - objective["target"], 10))


def rules_of(slo: dict[str, Any], burns: list[Burn]) -> Iterator[dict[str, Any]]:
    """The rules of one objective: recorded ratios, shortest window first, the budget left, then alerts."""
    name, labels = slo["metadata"]["name"], {"slo": slo["metadata"]["name"]}
    [period] = [each["duration"] for each in slo["spec"]["timeWindow"]]
    windows = {period, *(window for one in burns for window in (one.long, one.short))}
    for window in sorted(windows, key=seconds):
        yield {"record": recorded(window), "expr": error_ratio(slo, window), "labels": labels}
    left = f'1 - {recorded(period)}{{slo="{name}"}} / {budget_of(slo):g}'
    yield {"record": "slo:candor_error_budget_left:ratio", "expr": left, "labels": labels}
    for alert in dict.fromkeys(one.alert for one in burns):
        yield alert_of(slo, [one for one in burns if one.alert == alert])


def alert_of(slo: dict[str, Any], burns: list[Burn]) -> dict[str, Any]:
    """One alert for several burn rates of the same urgency."""
    name, notes = slo["metadata"]["name"], slo["metadata"]["annotations"]
    series, budget = f'{{slo="{name}"}}', budget_of(slo)
    parts = []
    for one in burns:
        limit = f"{one.rate * budget:g}"
        parts.append(f"({recorded(one.long)}{series} > {limit} and {recorded(one.short)}{series} > {limit})")
    title, target = slo["metadata"]["displayName"], slo["spec"]["objectives"][0]["target"]
    return {
        "alert": "".join(word.capitalize() for word in name.split("-")) + burns[0].alert,
        "expr": "\nor ".join(parts),
        "for": burns[0].after,
        "labels": {"severity": burns[0].severity, "slo": name},
        "annotations": {
            "summary": f"{title}: {{{{ $value | humanizePercentage }}}} missed the objective "
            f"where {100 * budget:g} % may: {notes['candor/consequence']}",
            "description": f"Objective {100 * target:g} % over {slo['spec']['timeWindow'][0]['duration']}. "
            + " Or: ".join(one.description for one in burns),
            "runbook_url": notes["candor/runbook"],
        },
    }


def files() -> dict[Path, str]:
    """The rule files and their content."""
    found = documents()
    policies = {each["metadata"]["name"]: burn(each) for each in found if each["kind"] == "AlertPolicy"}
    groups: dict[str, list[dict[str, Any]]] = {}
    for slo in (each for each in found if each["kind"] == "SLO"):
        burns = [policies[each["alertPolicyRef"]] for each in slo["spec"]["alertPolicies"]]
        group = {"name": f"candor-slo-{slo['metadata']['name']}", "rules": list(rules_of(slo, burns))}
        groups.setdefault(slo["metadata"]["annotations"]["candor/rules"], []).append(group)
    return {RULES / f"{name}.yml": HEAD + written(groups[name]) for name in sorted(groups)}


def written(groups: list[dict[str, Any]]) -> str:
    """Rule groups as YAML, each text on one line, so that a change of one shows as one."""
    lines = ["groups:"]
    for group in groups:
        lines += [f"  - name: {group['name']}", "    rules:"]
        for rule in group["rules"]:
            lines += _rule(rule)
    return "\n".join(lines) + "\n"


def _rule(rule: dict[str, Any]) -> Iterator[str]:
    lead = "      - "
    for name, value in rule.items():
        if isinstance(value, dict):
            yield f"{lead}{name}:"
            yield from (f"          {key}: {_plain(text)}" for key, text in value.items())
        elif "\n" in value:
            yield f"{lead}{name}: |-"
            yield from (f"          {line}" for line in value.split("\n"))
        else:
            yield f"{lead}{name}: {_plain(value)}"
        lead = "        "


def _plain(text: str) -> str:
    return text if re.fullmatch(r"[\w:/.-]+", text) else json.dumps(text, ensure_ascii=False)


def main() -> None:
    """Write the rule files, or with --check say which would change and exit with status 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    check = parser.parse_args().check
    changed = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    for path in changed:
        print(f"{'would change' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.write_text(files()[path])
    sys.exit(1 if check and changed else 0)


if __name__ == "__main__":
    main()
