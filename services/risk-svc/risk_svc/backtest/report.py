"""The results of a backtest in words, as plain data, and as one page that needs no network. Pure."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from risk_svc.forecast import charts
from risk_svc.forecast.evaluation import LEVELS, Evaluation, Measures, caution

CHANCES: Final = ("n", "late", "Brier", "usual share late", "skill", "95 %", "calib. error")
TIMES: Final = ("pinball, h", "pinball skill", *(f"by P{level * 100:.0f}" for level in LEVELS))
HEADINGS: Final = ("asked", *CHANCES, *TIMES)
MODULES: Final = "candor-charts/"
STYLE: Final = """
body { margin: 0 auto; max-width: 80rem; padding: 1rem; font: 16px/1.45 system-ui, sans-serif; color: #1f2a37; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; } p { margin: .4rem 0; max-width: 46rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .45rem; font-size: .95rem; text-align: right; white-space: nowrap; }
th, td { border-bottom: 1px solid #d9dee5; }
th:first-child, td:first-child { text-align: left; } tbody tr:first-child { font-weight: 650; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
figure { margin: 0; border: 1px solid #d9dee5; border-radius: 8px; padding: .6rem; min-width: 0; }
figcaption { font-weight: 650; } .chart { height: 20rem; } .note { color: #5b6776; }
"""
SCRIPT: Final = """
import { echarts } from "candor-charts/index.js";
const options = JSON.parse(document.getElementById("options").textContent);
const drawn = [...document.querySelectorAll(".chart")].map((place, number) => {
  const chart = echarts.init(place, null, { renderer: "svg" });
  chart.setOption(options[number]);
  return chart;
});
addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
document.body.dataset.drawn = drawn.length;
"""
_static_import: Final = re.compile(r"""(\bfrom\s*|\bimport\s*)(["'])\./([\w.-]+)\2""")


@dataclass(frozen=True, slots=True)
class Backtest:
    """The results of a backtest; `waiting` counts forecasts of promises not yet due when the stream ended."""

    record: Evaluation
    waiting: int


def plain(found: Backtest) -> dict[str, Any]:
    """All figures for scripts, named as in GET /v1/track-record."""
    record = found.record
    return {
        **_figures(record.overall),
        "waiting": found.waiting,
        "period": record.period,
        "over_time": [{"start": span.start.isoformat(), **_figures(span.track)} for span in record.over_time],
        "by_lead": [{"name": group.name, **_figures(group.track)} for group in record.by_lead],
        "by_class": [{"name": group.name, **_figures(group.track)} for group in record.by_class],
    }


def rows(record: Evaluation) -> list[tuple[str, ...]]:
    """The table under HEADINGS: all forecasts together, then each kind of decision; – where there is no figure."""
    return [_row("all", record.overall), *(_row(group.name, group.track) for group in record.by_lead)]


def summary(found: Backtest) -> list[str]:
    """What the figures mean, in sentences."""
    whole = found.record.overall
    said = [f"{whole.n:,} forecasts about {whole.promises:,} promises that came due."]
    if whole.slipped is not None:
        said[0] = f"{said[0][:-1]}; {whole.slipped:.1%} of these forecasts were about one that came late."
    if whole.too_little_history is not None:
        said.append(f"No skill is claimed: {whole.too_little_history}.")
    elif whole.skill is not None:
        nearer = "nearer to" if whole.skill >= 0 else "farther from"
        words = f"Stated chances were {abs(whole.skill):.1%} {nearer} what happened than the running share late was"
        said.append(f"{words} (95 % interval of this skill: {_between(whole.skill_interval)}).")
    if warned := caution(found.record):
        said.append(warned)
    if found.waiting:
        said.append(f"{found.waiting:,} more are left out: their promises had not come due when the stream ended.")
    return said


def page(found: Backtest, title: str, modules: Mapping[str, str]) -> str:
    """The results as one HTML page; `modules` are the chart scripts by file name, with `index.js` first."""
    record = found.record
    drawn = {
        "Stated against what happened": charts.reliability(record),
        "Skill by kind of decision": charts.skill_by(record.by_lead, ""),
        "Skill over time": charts.skill_over_time(record),
        "Came by P50, P80, P90": charts.coverage_over_time(record),
        "Skill by promise type": charts.skill_by(record.by_class, ""),
    }
    figures = "".join(
        f'<figure><figcaption>{html.escape(caption)}</figcaption><div class="chart" role="img"'
        f' aria-label="{html.escape(caption)}"></div></figure>'
        for caption in drawn
    )
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in HEADINGS)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows(record))
    said = "".join(f"<p>{html.escape(words)}</p>" for words in summary(found))
    options = _inert(json.dumps(list(drawn.values()), ensure_ascii=True, allow_nan=False))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
<!-- Charts are drawn by Apache ECharts, Apache License 2.0, which is part of this page. -->
<script type="importmap">{_inert(json.dumps({"imports": embedded(modules)}))}</script>
</head>
<body>
<h1>{html.escape(title)}</h1>
{said}
<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>
<p class="note">Skill is what Brier score or pinball loss is below that of the running share late (the base rate) and
lateness of the same kind of decision, each outcome counted only from its due date on; before the first it is an
assumed one half.
Calibration error: ten bins of equally many.
By P80: the share of completed promises that came by the P80 stated, 80 % if times hold what they say.</p>
<div class="charts">{figures}</div>
<script type="application/json" id="options">{options}</script>
<script type="module">{SCRIPT}</script>
</body>
</html>
"""


def embedded(modules: Mapping[str, str]) -> dict[str, str]:
    """An import map of `index.js` and its static imports as data: URLs; what it may load later is left out."""
    found: dict[str, str] = {}
    missing = ["index.js"]
    while missing:
        name = missing.pop()
        source = modules[name]
        missing += [one for _, _, one in _static_import.findall(source) if MODULES + one not in found]
        # A data: URL has no folder, so ./ cannot be resolved.
        bare = _static_import.sub(rf"\1\2{MODULES}\3\2", source)
        found[MODULES + name] = "data:text/javascript;base64," + base64.b64encode(bare.encode()).decode()
    return found


def _inert(text: str) -> str:
    # A name from the stream must not close the script element that contains it.
    return text.replace("<", "\\u003c")


def _figures(track: Measures) -> dict[str, Any]:
    return {**asdict(track), "enough": track.enough, "too_little_history": track.too_little_history}


def _row(name: str, found: Measures) -> tuple[str, ...]:
    covered = {level.level: level.covered for level in found.coverage}
    return (
        name,
        f"{found.n:,}",
        _shown(found.slipped, ".1%"),
        _shown(found.brier, ".4f"),
        _shown(found.base_brier, ".4f"),
        _shown(found.skill, "+.3f"),
        _between(found.skill_interval) or "–",
        _shown(found.calibration_error, ".3f"),
        _shown(found.pinball, ".2f"),
        _shown(found.pinball_skill, "+.3f"),
        *(_shown(covered.get(level), ".1%") for level in LEVELS),
    )


def _between(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:+.3f}…{interval[1]:+.3f}"


def _shown(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
