"""From the environment to settings; whatever can never work is one line that names the variable, with an example."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

from candor.escaping import escaped
from candor.ops.settings import Settings

_unread: Final = re.compile(r'field "(\w+)"')
_named: Final = re.compile(r"\b[A-Z][A-Z_]+\b")
_EXAMPLE: Final = "Example: "
_SHOWN: Final = (
    "such as",
    " like ",
    "for example",
    "=",
    ", several separated",
    "must be empty",
    "leave it out",
    "leave them out",
)
LONGEST: Final = 600
COMES_LATER: Final = ("clock_origin_file",)
URL_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
S = TypeVar("S", bound=Settings)


def load(kind: type[S], **overrides: Any) -> S:
    """Return the settings of this process; on mistakes, print one line each to standard error, exit with status 2."""
    try:
        return kind(**overrides)
    except ValidationError as error:
        _stop(mistakes(error, kind))
    except SettingsError as error:
        # A list or mapping that is not the JSON that it must be; the library's own words name neither.
        found = _unread.search(str(error))
        name = found[1] if found else ""
        shape = '{"name": 0.5}' if "dict" in str(kind.model_fields[name].annotation) else '["one", "two"]'
        _stop([f"{name.upper()}: must be JSON, such as {shape}"])
    raise AssertionError("a mistake ends the process")


def refuse_unreadable_files(settings: Settings) -> None:
    """Exit with status 2, and one line each, if files that these settings name cannot be read by this process."""
    _stop(list(unreadable(settings)))


def unreadable(settings: Settings) -> Iterator[str]:
    """What is wrong with the files that settings name, in words; one that only comes later is left out."""
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, Path) and name not in COMES_LATER and (why := _why_not(value)):
            yield f"{name.upper()}: {value} {why}, for example {example(field)}"
    command = shlex.split(settings.kafka_sasl_token_command)
    if command and shutil.which(command[0]) is None:
        wrong = f"KAFKA_SASL_TOKEN_COMMAND: {command[0]} is no program that this process can run"
        yield f"{wrong}, for example {example(type(settings).model_fields['kafka_sasl_token_command'])}"
    for name, value in parse_qsl(urlsplit(settings.database_url).query):
        if name in URL_FILES and (why := _why_not(Path(value))):
            yield f"DATABASE_URL: {name} {value} {why}, for example sslrootcert=/run/candor/postgres-ca/ca.crt"


def _why_not(path: Path) -> str:
    try:
        if path.is_dir():
            return "is a folder: name the file in it"
        if not path.is_file():
            return "is not there, or is no file: name a file that this process can read"
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return f"cannot be read ({error.strerror}): name a file that this process can read"
    return ""


def mistakes(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    """Return what is wrong with settings, one line per mistake, e.g. `SMTP_PORT: …`; without the values given."""
    said: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False):
        parts = [part for part in item["loc"] if isinstance(part, str)]
        # Of a list with several mistakes the first is enough to mend it; a mapping's have names of their own.
        said.setdefault(".".join(parts), _line(parts, item["msg"].removeprefix("Value error, "), kind.model_fields))
    return list(said.values())


def _line(parts: list[str], message: str, fields: Mapping[str, FieldInfo]) -> str:
    text = one_line(": ".join([*filter(None, [".".join(parts).upper()]), message]))
    words = parts[:1] or [word.lower() for word in _named.findall(text)]
    names = [word for word in words if word in fields]
    if not names or any(word in message for word in _SHOWN):
        return text
    return f"{text}, for example {names[0].upper()}={example(fields[names[0]])}"


def one_line(text: str) -> str:
    """The text on one line that can be read: without line breaks, and without the middle of something endless."""
    text = escaped(" ".join(text.split()))
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def example(field: FieldInfo) -> str:
    """The example in a field's own words, "" if there is none."""
    return (field.description or "").partition(_EXAMPLE)[2].strip()


def meaning(field: FieldInfo) -> str:
    """A field's own words without the example."""
    return " ".join((field.description or "").partition(_EXAMPLE)[0].split())


def _stop(lines: list[str]) -> None:
    for line in lines:
        print(f"settings: {one_line(line)}", file=sys.stderr)
    if lines:
        raise SystemExit(2)
