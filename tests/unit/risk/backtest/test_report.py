"""The report of a backtest: the same figures in table, page and JSON, and nothing of the stream as markup."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from candor.cli import build
from candor.errors import OperatorError
from candor.replay.stream import StreamEvent, write_stream
from risk_svc.backtest.command import charting, figures
from risk_svc.backtest.outcomes import OutcomeLedger
from risk_svc.backtest.report import HEADINGS, MODULES, Backtest, embedded, page, plain, rows, summary
from risk_svc.backtest.run import backtest
from risk_svc.forecast.evaluation import ENOUGH, ScoredForecast, evaluate_all
from tests.support.stream import stream
from tests.unit.risk.backtest.test_history import DUE, MADE, made, step, text
from tests.unit.risk.backtest.test_run import packed

SCRIPTS = {
    "index.js": 'import{a}from"./part-1.js";export{a}',
    "part-1.js": 'const b=()=>import("./later.js");export{b as a}',
}


def found(count: int = 2 * ENOUGH, **fields: Any) -> Backtest:
    """Half slip and were said to; the made ones have quantiles, beside the yardstick's."""
    scored = [
        ScoredForecast(
            *(f"p{n}", lead, "parcel", 0.8 - 0.6 * (n % 2), 0.5, 1 - n % 2, n * 86400.0, 10.0),
            *((9.0, 11.0, 12.0), (8.0, 13.0, 14.0)),
        )
        for n in range(count)
        for lead in ("made", "left50")
    ]  # fmt: skip
    return Backtest(evaluate_all([item._replace(**fields) for item in scored]), 7)


def test_the_table_has_a_row_for_all_and_one_for_each_kind_of_decision() -> None:
    table = rows(found().record)
    assert [row[0] for row in table] == ["all", "made", "left50"]
    assert {len(row) for row in table} == {len(HEADINGS)}
    assert dict(zip(HEADINGS, table[0], strict=True)) == {
        "asked": "all",
        "n": "120",
        "late": "50.0%",
        "Brier": "0.0400",
        "usual share late": "0.2500",
        "skill": "+0.840",
        "95 %": "+0.840…+0.840",
        "calib. error": "0.200",
        "pinball, h": "0.30",
        "pinball skill": "+0.550",
        "by P50": "0.0%",
        "by P80": "100.0%",
        "by P90": "100.0%",
    }


def test_on_eighty_characters_no_figure_is_cut_short() -> None:
    table = [(name, "103,964", *row[2:]) for row in rows(found().record) for name in (row[0], "at:out_for_delivery_2")]
    shown = io.StringIO()
    Console(file=shown, width=80).print(figures("Late or not", [row[:8] for row in table], 1))
    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[1:] for line in lines[-len(table) :]] == [list(row[1:8]) for row in table]


def test_too_little_claims_nothing_and_says_why() -> None:
    few = found(4)
    assert rows(few.record)[0][5:8] == ("–", "–", "–")
    assert any(
        "too little history (4 settled, 30 are needed); 4 of 8 forecasts were about one that slipped" in one
        for one in summary(few)
    )
    nothing = Backtest(evaluate_all([]), 3)
    assert rows(nothing.record) == [("all", "0", *["–"] * 11)]
    assert summary(nothing)[-1].startswith("3 more are left out")
    assert "<!doctype html>" in page(nothing, "none", SCRIPTS)


def test_worse_than_the_base_rate_is_said_to_be_worse() -> None:
    assert any("farther from what happened" in words for words in summary(found(base=0.5, p=0.4, outcome=1)))


def test_json_has_the_figures_of_the_table() -> None:
    said = json.loads(json.dumps(plain(found()), allow_nan=False))
    assert (said["n"], said["waiting"], said["enough"], said["period"]) == (120, 7, True, "week")
    assert said["skill"] == pytest.approx(0.84)
    assert [group["name"] for group in said["by_lead"]] == ["made", "left50"]
    assert said["coverage"][1] == {"level": 0.8, "n": 120, "covered": 1.0, "pinball": pytest.approx(0.2)}
    assert said["over_time"][0]["start"] == "1969-12-29"


def test_names_of_the_stream_are_no_markup_and_end_no_script() -> None:
    bad = "</script><script>alert(1)</script><b>"
    text = page(found(lead=bad, kind=bad), bad, SCRIPTS)
    assert bad not in text
    assert text.count("<script") == text.count("</script>") == 3
    [options] = re.findall(r'id="options">(.*?)</script>', text)
    assert bad in json.dumps(json.loads(options)).replace('\\"', '"')


def test_a_page_needs_no_network() -> None:
    text = page(found(), "record", SCRIPTS)
    assert not re.search(r"""(src|href)\s*=""", text)
    assert "default-src 'none'" in text
    assert "http" not in re.sub(r"http-equiv", "", text)


def test_modules_are_embedded_with_what_they_import_at_once() -> None:
    packed_in = embedded(SCRIPTS)
    assert list(packed_in) == [MODULES + "index.js", MODULES + "part-1.js"]
    first, second = (base64.b64decode(url.partition(",")[2]).decode() for url in packed_in.values())
    assert first == 'import{a}from"candor-charts/part-1.js";export{a}'
    # Loaded only if it is asked for, which charts without a third dimension never do.
    assert second == SCRIPTS["part-1.js"]


def test_the_charts_of_the_installed_package_are_whole() -> None:
    packed_in = embedded(charting())
    assert len(packed_in) >= 2
    assert sum(map(len, packed_in.values())) < 4e6


@pytest.fixture(scope="module")
def ledger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed(tmp_path_factory.mktemp("ledger") / "ledger.jsonl.gz", stream(160)[0])


def candor(*arguments: str | Path) -> Any:
    return CliRunner().invoke(build("backtest"), ["backtest", *map(str, arguments)], env={"COLUMNS": "200"})


def test_one_command_makes_the_table_and_the_page(ledger_file: Path, tmp_path: Path) -> None:
    said = candor("--events", ledger_file, "--report", tmp_path / "record.html")
    assert said.exit_code == 0, said.output
    assert [name for name in ("made", "left75", "left50", "left25", "at:shipped") if name not in said.stdout] == []
    assert "of these forecasts were about one that came late" in said.stdout
    text = (tmp_path / "record.html").read_text()
    assert "ledger.jsonl.gz" in text
    assert text.count('class="chart"') == 5


def test_a_file_that_was_made_for_an_import_has_a_record_as_well(tmp_path: Path) -> None:
    path, strange = tmp_path / "history.jsonl", StreamEvent("?", "milestone.reported", MADE, {"promise_id": "p9"})
    promises = [made(f"p{number}", due=text(DUE)) for number in range(40)]
    ends = [step("done", 8 + number / 10, name=f"p{number}") for number in range(40)]
    write_stream(path, [strange, *promises, *ends])
    said = candor("--history", path, "--report", tmp_path / "record.html", "--out", tmp_path / "said.jsonl")
    assert said.exit_code == 0, said.output
    assert "1 reports name no promise of this file" in said.stderr
    assert "40 promises that came due" in said.stdout
    assert "history.jsonl" in (tmp_path / "record.html").read_text()
    assert len((tmp_path / "said.jsonl").read_text().splitlines()) == 160


def test_json_and_forecasts_come_of_the_same_pass(ledger_file: Path, tmp_path: Path) -> None:
    said = candor("--events", ledger_file, "--json", "--out", tmp_path / "said.jsonl")
    assert said.exit_code == 0, said.output
    whole = json.loads(said.stdout)
    lines = [json.loads(line) for line in (tmp_path / "said.jsonl").read_text().splitlines()]
    assert whole["n"] + whole["waiting"] == len(lines) > 300
    assert whole["n"] == sum(group["n"] for group in whole["by_lead"]) == sum(one["n"] for one in whole["over_time"])
    assert whole["skill_interval"][0] <= whole["skill"] <= whole["skill_interval"][1]


def test_the_report_scores_what_was_written(ledger_file: Path) -> None:
    """Brier score and coverage again, from the forecasts written and the promises' own ends."""
    events, decisions = stream(160)
    ledger, out = OutcomeLedger(), io.BytesIO()
    asked = packed(ledger_file.parent / "asked.jsonl.gz", decisions)
    backtest([ledger_file], [asked], out, lambda _: None, ledger)
    said = {line["decision_id"]: line for line in map(json.loads, out.getvalue().splitlines())}
    due = {line["promise_id"]: line["data"]["due"] for line in events if line["type"] == "promise.made"}
    done = {line["promise_id"]: line["time"] for line in events if line["data"].get("final")}
    late = {name: int(done.get(name, "9") >= due[name]) for name in due}
    scored = [line for line in decisions if due[line["promise_id"]] <= events[-1]["time"]]
    brier = sum((said[line["decision_id"]]["p_late"] - late[line["promise_id"]]) ** 2 for line in scored) / len(scored)
    scored_rows, waiting = ledger.scored()
    whole = evaluate_all(scored_rows).overall
    assert (whole.n, waiting) == (len(scored), len(decisions) - len(scored))
    assert whole.brier == pytest.approx(brier)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--events", "{ledger}"], "say --events (and --decisions) or --history"),
        (["--report", "{folder}/r.html"], "say --events (and --decisions) or --history"),
        (["--events", "{folder}/none.jsonl", "--json"], "no such file"),
        (["--events", "{ledger}", "--report", "{folder}/none/r.html"], "there is no folder"),
        (["--events", "{folder}", "--json"], "no such file"),
        (["--history", "{folder}/none.jsonl", "--json"], "no such file"),
        (["--history", "{ledger}", "--events", "{ledger}", "--json"], "say --events (and --decisions) or --history"),
        (["--history", "{ledger}", "--decisions", "{ledger}", "--json"], "say --events (and --decisions) or --history"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: list[str], words: str, ledger_file: Path, tmp_path: Path) -> None:
    result = candor(*(one.format(ledger=ledger_file, folder=tmp_path) for one in arguments))
    assert isinstance(result.exception, OperatorError)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "e1", "time": "2024-01-01T00:00:00Z", "type": "promise.made", "promise_id": "p", "data": {"kind": 1}}',
        '{"id": "e1", "time": "2024-01-01T00:00:00Z", "type": "promise.made", "promise_id": "p1", "data": 7}',
        '{"id": "e1", "time": "2024-01-01T00:00:00Z"}',
        '{"id": "e1", "time": "first thing in the morning", "type": "x", "data": {}}',
        '{"id": "e1", "time": 7, "type": "x", "data": {}}',
    ],
)
def test_a_line_that_cannot_be_used_is_named(line: str, tmp_path: Path) -> None:
    bad = tmp_path / "ledger.jsonl"
    bad.write_text(line + "\n")
    with pytest.raises(OperatorError, match=r"^(e1 at |.*ledger\.jsonl:1 )"):
        backtest([bad], [], None, lambda _: None, OutcomeLedger())


def test_help_teaches_with_an_example_that_works(tmp_path: Path) -> None:
    said = candor("--help").stdout
    assert "candor backtest --events ledger.jsonl.gz --report record.html" in said
    example = said[said.index('{"id": "e1"') : said.index("It asks")]
    lines = re.sub(r"\s*\n\s+", " ", example.strip()).replace("}} {", "}}\n{")
    own = tmp_path / "own.jsonl"
    own.write_text("\n".join(json.dumps(json.loads(line)) for line in lines.splitlines()) + "\n")
    whole = json.loads(candor("--events", own, "--json").stdout)
    assert (whole["n"], whole["waiting"]) == (0, 4)


def test_lock_step_is_as_it_was() -> None:
    events, decisions = stream(3)
    lines = [{"event": events[0]}, {"decision": {**decisions[0], "time": events[0]["time"]}}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    command = [sys.executable, "-m", "candor.cli", "backtest", "--stdio"]
    said = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["decision_id"] == decisions[0]["decision_id"]
