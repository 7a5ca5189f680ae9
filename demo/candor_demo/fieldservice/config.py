"""Reads parameters from YAML, with errors that name the line, and writes them with what each means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from candor_demo.fieldservice.params import NAME, Params

MOST_BYTES: Final = 1 << 20
SHOWN: Final = 10
"""Errors of a file that are said at once."""
SCHEMA: Final = "# yaml-language-server: $schema=params.schema.json"
"""The line by which editors find the schema beside the file."""


class ParamsError(Exception):
    """Parameters that cannot be used; the text names the file, the line and what is expected there."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Names the line of a day that there is not."""

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(problem=str(error), problem_mark=node.start_mark) from error


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)


def read_params(path: Path) -> Params:
    """The parameters of a YAML file; what it leaves out has its default. Raises ParamsError, with every error."""
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise ParamsError(f"{path}: must have at most {MOST_BYTES} bytes")
        text = raw.decode("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return Params()
        if not isinstance(root, yaml.MappingNode):
            raise ParamsError(f"{path}, line 1: must be parameters, each as name: value")
        for line, name in _twice(root):
            raise ParamsError(f"{path}, line {line}: {name} is there twice")
        return Params.model_validate(_Loader(text).get_single_data())
    except OSError as error:
        raise ParamsError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: must be text in UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise ParamsError(f"{path}{where}: must be YAML: {error.problem or error.context}") from error
    except ValidationError as error:
        found = sorted((_line(root, one["loc"]), _said(one)) for one in error.errors(include_url=False))
        said = [f"{path}, line {line}: {words}" for line, words in found[:SHOWN]]
        said += [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        raise ParamsError("; ".join(said)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ParamsError(f"{path}: must be YAML: {error}") from error


def _twice(node: yaml.Node, depth: int = 0) -> Iterator[tuple[int, str]]:
    if depth > 20:
        raise ValueError("is nested too deeply")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, str(key.value)
            seen.add(str(key.value))
            yield from _twice(value, depth + 1)


def _line(node: yaml.Node, place: Sequence[int | str]) -> int:
    """The line of a place in the document, or of the nearest there is above it."""
    line: int = node.start_mark.line + 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _said(error: Any) -> str:
    name = ".".join(str(step) for step in error["loc"]).removesuffix(".[key]")
    if error["type"] == "missing":
        return f"{name}: is missing"
    if error["type"] in ("too_short", "too_long"):
        least, most = error["ctx"].get("min_length"), error["ctx"].get("max_length")
        return f"{name}: must have at {'least' if error['type'] == 'too_short' else 'most'} {least or most}"
    if error["type"] == "extra_forbidden":
        return f"{name}: there is no such parameter"
    if error["type"] == "invalid_key" or (error["type"] == "string_type" and error["loc"][-1] == "[key]"):
        return f"{name}: must be a name; one that YAML reads as a number, true or false needs quotes"
    if error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] == NAME:
        return f"{name}: must have letters A to Z, digits and . _ : - alone, 1 to 64 of them"
    said = str(error["msg"]).removeprefix("Value error, ").replace("Input should", "must")
    return f"{name}: {said}" if name else said


def written(params: Params) -> str:
    """The parameters as YAML, with what each means, its unit and its range; `read_params` reads them back."""
    return "\n".join([SCHEMA, *_lines(params, "", told=False), ""])


def schema() -> str:
    """The JSON Schema of parameters, for editors."""
    return json.dumps(Params.model_json_schema(), indent=2) + "\n"


def _lines(model: BaseModel, indent: str, *, told: bool) -> Iterator[str]:
    """The fields of a model; `told`: what they mean was said before."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        note = "" if told else _note(field)
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:{note or _doc(value)}"
            yield from _lines(value, f"{indent}  ", told=told)
        elif isinstance(value, Mapping) and value and all(isinstance(one, BaseModel) for one in value.values()):
            yield f"{indent}{name}:{note}"
            for at, (key, one) in enumerate(value.items()):
                yield f"{indent}  {_scalar(key)}:"
                yield from _lines(one, f"{indent}    ", told=told or at > 0)
        else:
            yield f"{indent}{name}: {_scalar(value)}{note}"


def _doc(model: BaseModel) -> str:
    return f"  # {(type(model).__doc__ or '').splitlines()[0].rstrip('.')}"


def _note(field: FieldInfo) -> str:
    bounds = [(one.ge if isinstance(one, Ge) else one.le) for one in field.metadata if isinstance(one, Ge | Le)]
    ranged = f"from {_scalar(bounds[0])} to {_scalar(bounds[1])}" if len(bounds) == 2 else ""
    said = [part for part in ((field.description or "").rstrip("."), ranged) if part]
    return f"  # {'; '.join(said)}" if said else ""


def _scalar(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_scalar(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_scalar(one) for one in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, float):
        # To YAML 1e-05 is text: a number has a point.
        return str(int(value)) if value.is_integer() else re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))
    return str(value) if not isinstance(value, str) else json.dumps(value)
