"""The licence of every locked package as an SPDX expression, and which ones may be used.

    python -m tools.supply.licences > docs/reference/licences.md

Licences come from the metadata of what is installed; `licences.toml` has what that says in other words or not at all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final

from license_expression import ExpressionError, Licensing, get_spdx_licensing

from tools.supply.lock import JARS, LOCKS, Locked, canonical, jars, packages

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
GROUPS: Final = {
    "requirements.lock": "What production runs: all that is in the image beside Debian's own packages",
    "requirements-local.lock": "The local broker and database",
    "requirements-build.lock": "What builds our packages",
    "requirements-dev.lock": "Tests, checks and tools",
    "requirements-demo.lock": "The demo's data",
}


class LicenceError(Exception):
    """A licence is unknown or not allowed; it names the package."""


@cache
def _licensing() -> Licensing:
    """All of SPDX's names; a third of a second to read."""
    return get_spdx_licensing()


def rules() -> dict[str, Any]:
    """What `licences.toml` says: `allowed`, `words`, `by_hand`, `jars`."""
    return tomllib.loads((HERE / "licences.toml").read_text())


def installed(folders: Iterable[Path] = ()) -> dict[str, str]:
    """What each installed package says of its licence; of those in `folders` (default: those of this Python)."""
    found = distributions(path=[str(one) for one in folders]) if folders else distributions()
    return {canonical(one.name): _said(one) for one in found}


def licence(one: Locked, said: Mapping[str, str], known: Mapping[str, Any]) -> str:
    """The SPDX expression of a package. Raises LicenceError if nothing says it."""
    if one.ecosystem == "Maven":
        found = known["jars"].get(one.name) or known["jars"].get(one.name.partition(":")[0], "")
    else:
        word = said.get(one.name, "")
        found = known["by_hand"].get(one.name) or known["words"].get(word, word)
    try:
        parsed = _licensing().parse(found, validate=True) if found else None
    except ExpressionError as error:
        raise LicenceError(f"{one.name} {one.version}: {found!r} is no SPDX expression: {error}") from error
    if parsed is None:
        raise LicenceError(
            f"{one.name} {one.version}: nothing says its licence; write it into tools/supply/licences.toml"
        )
    return str(parsed)


def refused(expression: str, allowed: Iterable[str]) -> set[str]:
    """The licences for which an expression cannot be accepted: of an OR one must be allowed, of an AND all."""
    licensing = _licensing()
    may = {licensing.parse(one) for one in allowed}

    def missing(node: Any) -> set[str]:
        if node in may:
            return set()
        if not getattr(node, "args", ()):
            return {str(node)}
        each = [missing(child) for child in node.args]
        if type(node).__name__ == "OR" and not all(each):
            return set()
        return set[str]().union(*each)

    return missing(licensing.parse(expression))


def table(found: Iterable[tuple[Locked, str]]) -> list[str]:
    """A table in Markdown of packages and their licences."""
    rows = [f"| {one.name} | {one.version} | {expression} |" for one, expression in found]
    return ["| package | version | licence |", "|---|---|---|", *rows, ""]


def page(root: Path = ROOT) -> str:
    """The whole page. Raises LicenceError for a licence that is unknown or not on the list."""
    said, known = installed(), rules()
    lines = [
        "# Licences",
        "",
        "Made by `python -m tools.supply.licences`; a test compares. Each locked package with its licence as an",
        "[SPDX](https://spdx.org/licenses/) expression. `tools/supply/licences.toml` says which are allowed.",
        "",
    ]
    seen: set[Locked] = set()
    for title, group in [*((GROUPS[name], packages(root / name)) for name in LOCKS), ("Jars", jars(root / JARS))]:
        rows = [(one, licence(one, said, known)) for one in group if Locked(*_key(one)) not in seen]
        seen |= {Locked(*_key(one)) for one in group}
        for one, expression in rows:
            if wrong := refused(expression, known["allowed"]):
                raise LicenceError(f"{one.name} {one.version}: {', '.join(sorted(wrong))} is not allowed")
        lines += [f"## {title}", "", *table(rows)]
    return "\n".join(lines)


def _key(one: Locked) -> tuple[str, str, str]:
    return one.ecosystem, one.name, one.version


def _said(one: Distribution) -> str:
    """What a package says of its licence: the expression, else its one word, else its classifiers."""
    meta: Any = one.metadata
    if expression := meta.get("License-Expression"):
        return str(expression)
    classifiers = sorted(text for text in meta.get_all("Classifier") or () if text.startswith("License ::"))
    kinds = [text.rpartition(" :: ")[2] for text in classifiers]
    kinds = [kind for kind in kinds if kind not in {"OSI Approved", "DFSG approved"}]
    word = str(meta.get("License") or "").strip()
    return word if word and "\n" not in word and word != "UNKNOWN" else " + ".join(kinds)


if __name__ == "__main__":
    print(page(), end="")
