"""What commands print: text of others neither steers the terminal nor is read as markup, wherever it comes from."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from typer.testing import CliRunner

from candor.cli import build
from candor.escaping import escaped, escaped_json, shows
from candor.replay.shown import progress
from candor.terminal import Screen, say, say_json, styled

ROOT = Path(__file__).parents[3]
HOSTILE = "[/x]\x1b[31mRED\x9b2J\u202eBIDI\u2066\U000e0041\x7f\ud800:smile:"
WRITTEN = "[/x]\\x1b[31mRED\\x9b2J\\u202eBIDI\\u2066\\U000e0041\\x7f\\ud800:smile:"
PRINTS_ITSELF = {
    "shared/candor/terminal.py": "is what all others print by",
    "shared/candor/ops/loading.py": "a service reads its settings before it has anything else; one_line escapes",
    "shared/candor/runtime.py": "a service that cannot start says why; one_line escapes",
    "services/risk-svc/risk_svc/__main__.py": "prints its own usage",
}


def test_what_steers_hides_or_turns_is_written_out() -> None:
    assert escaped(HOSTILE) == WRITTEN
    assert escaped("a\nb\tc\u2028d\x85e") == "a\\nb\\tc\\u2028d\\x85e"
    assert escaped("a\nb", keep="\n") == "a\nb"
    assert escaped("Küche, 10\u00a0kg 日本 👷") == "Küche, 10\u00a0kg 日本 👷"


@given(st.text(), st.sampled_from([None, 2]))
def test_json_keeps_its_meaning(text: str, indent: int | None) -> None:
    written = escaped_json(json.dumps({text: text}, ensure_ascii=False, indent=indent))
    assert json.loads(written) == {text: text}
    assert all(shows(sign) or sign == "\n" for sign in written)


def test_a_screen_shows_every_text_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name", HOSTILE, title=HOSTILE)
    table.add_row("one", HOSTILE)
    screen = Screen(soft_wrap=True)
    screen.width = 200
    screen.print(HOSTILE)
    screen.print(table)
    screen.print(styled((HOSTILE, "bold"), HOSTILE))
    say(HOSTILE)
    said = capsys.readouterr().out
    assert said.count(WRITTEN) == 7
    assert all(shows(sign) or sign == "\n" for sign in said)


def test_a_progress_line_is_not_markup_either() -> None:
    screen = Screen()
    screen.file = io.StringIO()
    screen.width = 200
    display = progress(screen)
    display.add_task("importing", total=1, note="[/x]")
    screen.print(display.get_renderable())
    assert "[/x]" in screen.file.getvalue()


def test_json_for_people_and_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    for indent in (None, 2):
        say_json({"name": "Küche\x9b\u202e"}, indent=indent)
        said = capsys.readouterr().out
        assert json.loads(said) == {"name": "Küche\x9b\u202e"}
        assert all(shows(sign) or sign == "\n" for sign in said)


def printing(path: Path) -> Iterator[str]:
    """Each call in a file that writes to a terminal without passing by candor.terminal."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "typer.echo", "typer.secho", "Console"):
            yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {ast.unparse(node.func)}"


def test_no_command_prints_by_itself() -> None:
    found = [
        call
        for folder in ("shared", "services", "demo")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for call in printing(path)
    ]
    assert {call.partition(":")[0] for call in found} == set(PRINTS_ITSELF)


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\u202eb", "a\x00b", "\u200b"])
def test_no_key_gets_a_name_that_misleads(name: str) -> None:
    asked = CliRunner().invoke(build("token"), ["token", "--name", name, "--json"])
    assert asked.exit_code == 2
    assert "--name must" in asked.output
