"""What a command imports: `candor status` waits for no web framework, and no command for the libraries of another."""

import subprocess
import sys

import pytest
import typer
from typer.main import get_command

from candor.cli import OWNERS, build

HEAVY = ("fastapi", "sqlalchemy", "sqlmodel", "alembic", "nicegui", "numpy", "aiokafka", "asyncpg", "httpx")
PROGRAM = """
import sys
from typer.main import get_command
from candor.cli import build
get_command(build(sys.argv[1]))
print(*[name for name in sys.argv[2:] if name in sys.modules])
"""


def imported(command: str, *names: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, command, *names], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("command", ["", "status"])
def test_neither_the_help_nor_any_declaration_of_a_command_is_heavy(command: str) -> None:
    assert imported(command, *HEAVY) == set()


def names(app: typer.Typer) -> set[str]:
    return set(get_command(app).commands)  # type: ignore[attr-defined]


def test_every_known_command_is_in_the_module_that_is_said_to_have_it() -> None:
    assert set(OWNERS) == names(build())
    for command in OWNERS:
        assert command in names(build(command))


@pytest.mark.parametrize("argument", ["", "--help", "nonsense"])
def test_anything_else_is_looked_up_among_all(argument: str) -> None:
    assert names(build(argument)) == set(OWNERS)


def test_the_worker_does_without_the_boards_framework_and_the_exporter_of_spans() -> None:
    program = "import sys, risk_svc.wiring; print(*[name for name in sys.argv[1:] if name in sys.modules])"
    unwanted = ("nicegui", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
    done = subprocess.run([sys.executable, "-c", program, *unwanted], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
