"""Reads the Dockerfile into stages, each with its steps in order; refuses what the check could not carry out."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dockerfile_parse import DockerfileParser

CARRIED_OUT: Final = frozenset({"RUN", "COPY", "ENV", "ARG", "WORKDIR", "USER"})
NOTED: Final = frozenset({"LABEL", "EXPOSE", "STOPSIGNAL", "CMD"})
_variable: Final = re.compile(r"\$\{(\w+)\}")
_option: Final = re.compile(r"--(\w+)=(\S+)\s+")


class DockerfileError(Exception):
    """The Dockerfile says something that the check cannot carry out; it names the line."""


@dataclass(frozen=True)
class Step:
    """One instruction: its options (`--from=build`), and what it says without them."""

    line: int
    instruction: str
    value: str
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str:
        """The value of an option that is given at most once; "" if it is not."""
        return next((value for given, value in self.options if given == name), "")


@dataclass
class Stage:
    """A stage: its name, the stage or image that it begins with, and its steps."""

    name: str
    base: str
    steps: list[Step] = field(default_factory=list)

    def values(self, instruction: str) -> dict[str, str]:
        """All that the stage's ENV, ARG or LABEL steps set."""
        return {k: v for step in self.steps if step.instruction == instruction for k, v in assignments(step.value)}

    def last(self, instruction: str) -> str:
        """What the last step of that kind says; "" without one."""
        return next((step.value for step in reversed(self.steps) if step.instruction == instruction), "")


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile. Raises DockerfileError for an instruction or option that is not carried out."""
    stages: list[Stage] = []
    known: dict[str, str] = {}
    for item in DockerfileParser(fileobj=io.BytesIO(text.encode())).structure:
        kind, line = item["instruction"], item["startline"] + 1
        if kind == "COMMENT":
            continue
        if kind == "ARG" and not stages:
            known |= dict(assignments(item["value"]))
        elif kind == "FROM":
            words = expand(item["value"], known).split()
            stages.append(Stage(words[2] if len(words) > 2 else "", words[0]))
        elif kind in CARRIED_OUT | NOTED and stages:
            stages[-1].steps.append(_step(line, kind, item["value"]))
        else:
            raise DockerfileError(f"Dockerfile, line {line}: {kind} is nothing that tools/image can carry out")
    return stages


def read(root: Path) -> list[Stage]:
    """The stages of the Dockerfile in `root`."""
    return parse((root / "Dockerfile").read_text())


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replaces `${NAME}`; an unknown name becomes nothing, as Docker has it."""
    return _variable.sub(lambda found: values.get(found[1], ""), text)


def assignments(text: str) -> list[tuple[str, str]]:
    """The pairs in `A=b C="d e"`, as ENV, ARG and LABEL have them; an ARG without a value is empty."""
    return [(name, value) for name, _, value in (word.partition("=") for word in shlex.split(text))]


def command(stage: Stage) -> list[str]:
    """The stage's CMD, which must be a JSON list: a shell between would not pass signals on."""
    words: list[str] = json.loads(stage.last("CMD"))
    return words


def _step(line: int, kind: str, value: str) -> Step:
    options = []
    while found := _option.match(value):
        options.append((found[1], found[2]))
        value = value[found.end() :]
    allowed = {"RUN": {"mount"}, "COPY": {"from"}}.get(kind, set())
    if strange := [name for name, _ in options if name not in allowed]:
        raise DockerfileError(f"Dockerfile, line {line}: --{strange[0]} is no option that tools/image can carry out")
    return Step(line, kind, value.strip(), tuple(options))
