"""Documents point only at what is there: files, headings, modules, settings, decisions, one version."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

import candor
from delivery_svc.settings import DeliverySettings
from notify_svc.settings import NotifySettings
from risk_svc.domain.components import COMPONENTS
from risk_svc.settings import RiskSettings

ROOT = Path(__file__).parents[3]
PACKAGES = (
    "shared/candor",
    "demo/candor_demo",
    *(f"services/{name}-svc/{name}_svc" for name in ("promise", "delivery", "risk", "notify")),
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
NAMED_FILE = re.compile(
    r"`([\w./-]+/[\w.-]+\.(?:py|j2|md|yml|json|toml|lock|in)|[\w-]+\.(?:py|md)|[\w-]+(?:/[\w-]+)*/)`"
)
NAMED_TEST = re.compile(r"\[`(test_\w+)`\]\(([^)#\s]+\.py)\)")
DOTTED = re.compile(r"`((?:candor|candor_demo|bench|\w+_svc)(?:\.[A-Za-z_]\w*)+)`")
NO_FOLDER = "staff/"
"""How the ids of staff's contacts begin."""
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@cache
def tracked() -> tuple[str, ...]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def documents() -> list[Path]:
    return [ROOT / name for name in tracked() if name.endswith(".md")]


def anchors(document: Path) -> set[str]:
    """The anchors that a reader's browser finds: headings in lower case, spaces as hyphens."""
    titles = (re.sub(r"[^\w\s-]", "", title).strip().lower() for title in HEADING.findall(document.read_text()))
    return {title.replace(" ", "-") for title in titles}


def places(document: Path) -> Iterator[Path]:
    """Folders from which a document may name a file: its own, the repository, packages and what they lie in."""
    yield from (document.parent, ROOT)
    # A service's own README names files of its package from there.
    yield from (ROOT / name for name in PACKAGES if not name.startswith("services/"))
    yield from (path for path in document.parent.glob("*_svc") if path.is_dir())
    yield from (ROOT / name for name in {package.rpartition("/")[0] for package in PACKAGES})


def file_is_there(named: str, document: Path) -> bool:
    """Whether a file named in `document` exists; a folder (`domain/`) where any service or library has it."""
    if named.startswith("/"):
        # A place on a reader's machine.
        return True
    if named.endswith("/"):
        return named == NO_FOLDER or any(f"/{named}" in f"/{path}" for path in tracked())
    if "/" not in named and any(path.endswith(f"/{named}") for path in tracked()):
        return True
    return any((place / named).exists() for place in places(document))


def is_there(dotted: str) -> bool:
    """Whether a dotted name is a module, or something defined in one."""
    roots = [ROOT, *(ROOT / package.rpartition("/")[0] for package in PACKAGES)]
    for root in roots:
        at, parts = root, dotted.split(".")
        while parts and (at / parts[0]).is_dir():
            at = at / parts.pop(0)
        if at == root:
            continue
        if not parts:
            return True
        module = at / f"{parts[0]}.py"
        if module.exists():
            return all(re.search(rf"\b{re.escape(name)}\b", module.read_text()) for name in parts[1:])
        inside = at / "__init__.py"
        return inside.exists() and bool(re.search(rf"\b{re.escape(parts[0])}\b", inside.read_text()))
    return False


def test_there_are_documents_to_look_at() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in documents()}
    assert {"README.md", "SECURITY.md", "docs/definitions.md", "docs/glossary.md", "docs/adr/README.md"} <= names
    assert (ROOT / "LICENSE").read_text().split("\n")[1].strip() == "Apache License"


def test_every_relative_link_leads_somewhere() -> None:
    wrong = []
    for document in documents():
        for target, anchor in LINK.findall(document.read_text()):
            found = (document.parent / target).resolve() if target else document
            if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
                wrong.append(f"{document.relative_to(ROOT)}: {target}{'#' if anchor else ''}{anchor}")
    assert wrong == []


def test_every_test_that_a_link_names_is_in_the_file_it_leads_to() -> None:
    links = [(page, *found) for page in documents() for found in NAMED_TEST.findall(page.read_text())]
    assert links
    assert [
        f"{page.relative_to(ROOT)}: {name}"
        for page, name, where in links
        if f"def {name}(" not in (page.parent / where).read_text()
    ] == []


def test_every_file_and_module_that_a_document_names_is_there() -> None:
    wrong = []
    for document in documents():
        text = document.read_text()
        wrong += [
            f"{document.relative_to(ROOT)}: {named}"
            for named in NAMED_FILE.findall(text)
            # A guide names the files that its reader is about to write.
            if document.parent.name != "guide" and not file_is_there(named, document)
        ]
        wrong += [f"{document.relative_to(ROOT)}: {named}" for named in DOTTED.findall(text) if not is_there(named)]
    assert wrong == []


def test_every_document_that_code_cites_is_there_with_the_section_it_names() -> None:
    known, definitions = tracked(), (ROOT / "docs/definitions.md").read_text()
    wrong = []
    for name in known:
        if not name.endswith(".py") or name.startswith("tests/unit/docs/"):
            continue
        text = (ROOT / name).read_text()
        cited = re.findall(r"\b(?:[\w-]+/)*[\w-]+\.md\b", text)
        wrong += [f"{name}: {one}" for one in cited if not any(f"/{path}".endswith(f"/{one}") for path in known)]
        sections = re.findall(r'definitions\.md, "([^"]+)"', text)
        wrong += [f"{name}: {section}" for section in sections if f"## {section}\n" not in definitions]
    assert wrong == []


def test_the_settings_that_definitions_name_exist_with_the_default_it_gives() -> None:
    text = (ROOT / "docs/definitions.md").read_text()
    settings = RiskSettings.model_fields | NotifySettings.model_fields | DeliverySettings.model_fields
    fields = {name: field.default for name, field in settings.items()}
    for component in COMPONENTS:
        fields |= {field.name: field.default for field in dataclasses.fields(component)}
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text))
    assert {name for name in named if name.lower() not in fields} == set()
    assert {"SILENCE_HOURS", "MISSED_STEP", "WARN_AT", "BUSINESS_HOURS"} <= named
    given = {name: float(value) for name, value in re.findall(r"`([A-Z_]+)` \((\.?\d+)", text)}
    assert len(given) > 5
    assert {name: fields[name.lower()] for name in given} == given
    weights = {name: float(value) for name, value in re.findall(r"\| `WEIGHTS`: (\w+)[^|]*\| (\.\d+)", text)}
    assert weights == {component.name.value: component.default_weight for component in COMPONENTS}


def test_every_decision_is_in_the_index_and_every_line_of_it_is_a_decision() -> None:
    folder = ROOT / "docs/adr"
    files = {path.name: path.read_text().split("\n")[0] for path in folder.glob("[0-9]*.md")}
    lines = re.findall(r"^\| \[(\d{4})\]\(([\w.-]+)\) \| (.+?) \|", (folder / "README.md").read_text(), re.MULTILINE)
    assert {name: f"# {number}. {title}" for number, name, title in lines} == files
    assert len(lines) == len(files)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_version_stands_in_one_place(package: str) -> None:
    folder = ROOT / package.rpartition("/")[0]
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert (folder / project["tool"]["hatch"]["version"]["path"]).resolve() == Path(candor.__file__)
    assert version(project["project"]["name"]) == candor.__version__


def test_the_changelog_begins_with_this_version_or_what_comes_after_it() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased" or headings[0].startswith(f"{candor.__version__} — ")
    assert any(heading.startswith(f"{candor.__version__} — ") for heading in headings)
