"""Writes docs/operations/configuration.md from the settings classes.

python -m tools.settings_reference > docs/operations/configuration.md
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from candor.diagnosis import process as diagnosis
from candor.diagnosis.process import settings_class
from candor.intake.settings import IntakeSettings
from candor.ops.kafka_settings import KafkaSettings
from candor.ops.loading import example, meaning
from candor.ops.settings import Settings
from notify_svc.channels.registry import registered
from risk_svc.domain.components import COMPONENTS

PROCESSES: Final = {kind.card: settings_class(name) for name, kind in diagnosis.PROCESSES.items()}
BOARD: Final = ("risk-svc web",)
USED_BY: Final[dict[str, tuple[str, ...]]] = {
    "webhook_secrets_file": ("promise-svc", "delivery-svc"),
    "contact_public_key_file": ("promise-svc",),
    "contact_private_key_file": ("notify-svc",),
    "session_secret_file": BOARD,
    "oidc_issuer": BOARD,
    "oidc_client_id": BOARD,
    "oidc_client_secret_file": BOARD,
    "oidc_roles_claim": BOARD,
    "oidc_scopes": BOARD,
    "public_url": ("promise-svc", "delivery-svc", *BOARD),
    "expected_processes": (*BOARD, "notify-svc"),
    "show_persons": ("risk-svc insight", *BOARD),
    "hop_thresholds": ("risk-svc insight", *BOARD),
    "max_pages": BOARD,
    "max_pages_per_session": BOARD,
    "reviews_per_tick": ("risk-svc worker",),
    "rejected_kept_days": ("promise-svc", "delivery-svc"),
    "requests_kept_days": ("promise-svc", "delivery-svc"),
    "outbox_kept_days": ("promise-svc", "delivery-svc"),
    "parked_kept_days": ("promise-svc", "delivery-svc"),
    "parked_most_a_source": ("promise-svc", "delivery-svc"),
    "contacts_kept_days": ("promise-svc",),
    "messages_kept_days": ("notify-svc",),
    "texts_kept_days": ("promise-svc", "delivery-svc", "risk-svc worker", "notify-svc"),
}
"""Settings that every class has and only these processes use."""
OTHERS: Final = {
    "CANDOR_HOME": ("Folder of a local stack, for the command `candor` and `make`.", ".candor", "/srv/candor"),
    "CANDOR_TRACEBACK": ("Any value makes the command `candor` say where an unforeseen error happened.", "none", "1"),
    "CI": ("`true` makes a check that lacks a tool fail instead of skip; for `make test` and `make deploy-check`.",
           "none", "true"),
    "OPENBLAS_NUM_THREADS": ("Threads of the numerical library; one is fastest here.", "1", "1"),
    "PGSSLROOTCERT": ("Authority of PostgreSQL's certificate, read by its driver for every connection; as are the "
                      "other variables of libpq, of which PGPASSWORD is fixed at the start.", "none",
                      "/run/candor/postgres-ca/ca.crt"),
}  # fmt: skip
"""Variables that no settings class reads: meaning, default, example."""
HEAD: Final = """# Configuration

Every process reads its settings from environment variables, once, at its start; what is read again later says so. A
value that can never work stops the process with exit status 2 and one line that names the variable, says what is
wrong and gives an example. Times are in seconds and sizes in bytes unless the name says otherwise. Lists are
separated by commas unless the meaning says JSON. An empty value of a file is the same as none.

A name that ends in `_FILE` names a file that must be readable at the start; secrets come by file alone.
*Secret* marks files that nobody else may read.

Made by `python -m tools.settings_reference > docs/operations/configuration.md` from the settings classes; a test
compares.
"""
INTAKE: Final = IntakeSettings.model_fields.keys() - Settings.model_fields.keys()
"""Settings of both services that take webhooks."""
NOT_SECRET: Final = ("public", "_ca_", "certificate", "origin")


class Row(NamedTuple):
    """One line of the reference."""

    name: str
    meaning: str
    kind: str
    default: str
    example: str
    processes: str
    again: str


def main() -> None:
    """Print the page."""
    print(page(), end="")


def page() -> str:
    """Return the whole page."""
    own = {name: kind.model_fields for name, kind in PROCESSES.items()}
    parts = [HEAD]
    parts += _section("Kafka", rows(KafkaSettings, KafkaSettings.model_fields))
    base = [name for name in Settings.model_fields if name not in KafkaSettings.model_fields]
    parts += _section("Every process", rows(Settings, base))
    risk = ("risk-svc web", "risk-svc learner", "risk-svc insight")
    sections = (
        *(("promise-svc", ("promise-svc",)), ("delivery-svc", ("delivery-svc",))),
        *(("risk-svc", risk), ("notify-svc", ("notify-svc",))),
    )
    for title, names in sections:
        found: dict[str, type[Settings]] = {}
        # Those of both services that take events in stand with promise-svc.
        known = {*Settings.model_fields, *(own["promise-svc"] if title == "delivery-svc" else ())}
        for name in names:
            found = {one: PROCESSES[name] for one in own[name] if one not in known} | found
        found.pop("component_settings", None)
        listed = [row for field, kind in found.items() for row in rows(kind, [field])]
        parts += _section(title, listed + (list(_components()) if title == "risk-svc" else []))
    for name, registration in registered().items():
        fields = [field for field in registration.settings.model_fields if field not in Settings.model_fields]
        parts += _section(f"notify-svc, channel {name}", rows(registration.settings, fields))
    parts.append("\n## Ports by default\n\n| process | port |\n|---|---|\n")
    parts += [f"| {name} | {fields['port'].default} |\n" for name, fields in own.items()]
    parts.append("\n## Read by the command line and by libraries\n\n")
    parts.append("| variable | meaning | default | example |\n|---|---|---|---|\n")
    for name, (what, default, given) in OTHERS.items():
        parts.append(f"| `{name}` | {what} | {default} | `{given}` |\n")
    return "".join(parts)


def _section(title: str, listed: list[Row]) -> Iterator[str]:
    yield f"\n## {title}\n\n| variable | meaning | value | default | example | processes | read |\n"
    yield "|---|---|---|---|---|---|---|\n"
    for row in listed:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n"


def rows(kind: type[BaseSettings], names: Any) -> list[Row]:
    """Return the lines of some fields of a class."""
    return [_row(name, kind.model_fields[name], kind) for name in names]


def _row(name: str, field: FieldInfo, kind: type[BaseSettings]) -> Row:
    words, _, again = meaning(field).partition(" Read again: ")
    return Row(
        f"`{name.upper()}`",
        words,
        kind_of(name, field),
        _default(name, field),
        f"`{example(field)}`",
        ", ".join(users(name, kind)),
        f"again {again.rstrip('.')}" if again else "at the start",
    )


def users(name: str, kind: type[BaseSettings]) -> list[str]:
    """Return the processes that use a setting."""
    shared = IntakeSettings if name in INTAKE else kind
    found = [process for process, its in PROCESSES.items() if issubclass(its, shared)] or ["notify-svc"]
    if kind in (Settings, KafkaSettings) and name not in USED_BY:
        return ["all"]
    return [process for process in found if process in USED_BY.get(name, found)]


def kind_of(name: str, field: FieldInfo) -> str:
    """Say what a value must be: type, range, allowed words, and whether it names a secret."""
    said = str(field.annotation)
    words = [one for one in get_args(field.annotation) if isinstance(one, str)]
    if words:
        return ", ".join(f"`{one}`" if one else "empty" for one in words)
    if "Path" in said:
        return "file" if any(part in name for part in NOT_SECRET) else "file, secret"
    plain = next(
        (word for part, word in (("tuple", "list"), ("dict", "JSON object"), ("bool", "true or false"),
                                 ("datetime", "ISO time with zone"), ("float", "number"), ("int", "whole number"))
         if part in said), "text")  # fmt: skip
    limits = [f"{sign} {value:,}" for part in field.metadata for sign, value in _limits(part)]
    return " ".join([plain, ", ".join(limits)]).strip()


def _limits(part: Any) -> Iterator[tuple[str, float]]:
    for constraint, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        if (value := getattr(part, constraint, None)) is not None:
            yield sign, value


def _default(name: str, field: FieldInfo) -> str:
    if name in ("service", "port"):
        return "its own"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value in (None, "", (), {}):
        return "none"
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _components() -> Iterator[Row]:
    for component in COMPONENTS:
        words = _words_below_fields(type(component))
        for field in dataclasses.fields(component):
            what, _, given = words.get(field.name, "").partition(" Example: ")
            default = f"`{field.default:g}`"
            where = "risk-svc worker, risk-svc learner, risk-svc insight, risk-svc web"
            yield Row(f"`{field.name.upper()}`", what, "number", default, f"`{given}`", where, "at the start")


def _words_below_fields(kind: type) -> dict[str, str]:
    body = getattr(ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0], "body", [])
    found = {}
    for field, below in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[ast.unparse(field.target)] = inspect.cleandoc(str(below.value.value))
    return found


def variables(root: Path, folders: tuple[str, ...]) -> set[str]:
    """Return the names of environment variables that code reads by name."""
    found: set[str] = set()
    for folder in folders:
        for path in (root / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                found |= _read_by(node)
    return found


def _read_by(node: ast.AST) -> set[str]:
    match node:
        case ast.Subscript(value=where, slice=ast.Constant(value=str(name))) if "environ" in ast.unparse(where):
            return {name}
        case ast.Call(func=ast.Attribute() as called, args=[ast.Constant(value=str(name)), *_]) if (
            called.attr == "getenv"
            or (called.attr in ("get", "setdefault") and ast.unparse(called.value).endswith("environ"))
        ):
            return {name}
        case ast.Compare(left=ast.Constant(value=str(name)), comparators=[where]) if "environ" in ast.unparse(where):
            return {name}
    return set()


if __name__ == "__main__":
    main()
