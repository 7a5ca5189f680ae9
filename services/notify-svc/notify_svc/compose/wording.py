"""Which wording a letter is in: our templates, the language's catalogue, and what the company set."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from candor.contracts import Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House
from notify_svc.compose.rendering import is_short
from notify_svc.compose.words import FOLDER

TEMPLATES: Final = "templates"


def wording_of(form: Form, statement: Statement, language: str, house: House, template: str = "") -> str:
    """The name of a wording, such as `warning.de.letter.1f3a…`: another one if anything that words letters changes.

    `template` is the version of the company's own that made the letter.
    """
    shape = "short" if is_short(form) else form.templates or "letter"
    said = hashlib.blake2b(house.model_dump_json().encode(), digest_size=8)
    said.update(_sources(form.templates, language) + template.encode())
    return f"{statement.value}.{language}.{shape}.{said.hexdigest()}"


@cache
def _sources(own: str | None, language: str) -> bytes:
    """A hash of the templates, also those of the channel's package `own`, and of the language's catalogue."""
    said = hashlib.blake2b(digest_size=16)
    folders = [files(package) / TEMPLATES for package in ("notify_svc.compose", own) if package]
    found = [one for folder in folders for one in sorted(folder.iterdir(), key=lambda one: one.name)]
    for one in [one for one in found if one.name.endswith(".j2")] + [FOLDER / f"{language}.po"]:
        if one.is_file():
            said.update(one.name.encode() + b"\0" + one.read_bytes())
    return said.digest()
