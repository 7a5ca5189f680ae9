"""The catalogues of letters and of the customer's page: `python -m tools.catalogues` brings each up to date.

    python -m tools.catalogues          what is new stands in every .po without a translation, what is gone is gone
    python -m tools.catalogues --new it an empty catalogue of another language

A test compares, so that no letter is half in English (docs/guide/add-a-language.md).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).parents[1]
COMPOSE: Final = ROOT / "services/notify-svc/notify_svc/compose"
PAGE: Final = COMPOSE.parent / "page"
FOLDER: Final = COMPOSE / "locale"
METHODS: Final = [("templates/**.j2", "jinja2.ext:babel_extract"), ("**.py", "python")]
KEYWORDS: Final = DEFAULT_KEYWORDS | {"mark": None, "mark_many": (1, 2)}
OPTIONS: Final = {"templates/**.j2": {"silent": "false", "trimmed": "true"}}


def extracted() -> Catalog:
    """Every message of templates and code, in the order in which they stand there, without places."""
    found = Catalog(project="Candor letters", charset="utf-8")
    for folder in (COMPOSE, PAGE):
        for file, _, message, comments, _ in extract_from_dir(folder, METHODS, OPTIONS, KEYWORDS):
            if not file.startswith("locale/"):
                found.add(message, auto_comments=comments)
    return found


def known(language: str) -> Catalog:
    """The catalogue of a language as it stands; an empty one if there is none."""
    path = FOLDER / f"{language}.po"
    if not path.exists():
        return Catalog(locale=Locale.parse(language), charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def forms(message: Message) -> list[str]:
    """The translations of a message: one, or one for each form of the number."""
    found = message.string
    return list(found) if isinstance(found, tuple | list) else [found or ""]


def written(language: str) -> bytes:
    """The catalogue brought up to date, as its file."""
    catalogue = known(language)
    # A guess at a translation is no translation: a changed message must be said again by somebody who knows how.
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    catalogue.header_comment = f"# Letters and the customer's page in {Locale.parse(language).get_display_name('en')}."
    into = BytesIO()
    write_po(into, catalogue, width=0, omit_header=False, ignore_obsolete=True, include_lineno=False, no_location=True)
    header, _, rest = into.getvalue().partition(b"\n\n")
    lines = (line for line in header.split(b"\n") if not line.startswith(b'"') or line.startswith(KEPT))
    return b"\n".join(lines) + b"\n\n" + rest


KEPT: Final = (b'"Language:', b'"Plural-Forms', b'"MIME-Version', b'"Content-T')
"""Lines of a header that are read; the others say when and by whom, and would change for no reason."""


def main(arguments: Sequence[str]) -> int:
    """Bring every catalogue, and a new one if it is named, up to date; return the exit status."""
    read = argparse.ArgumentParser(prog="python -m tools.catalogues", description=__doc__)
    read.add_argument("--new", metavar="LANGUAGE", help="Begin the catalogue of this language, such as it or pl.")
    asked = read.parse_args(arguments)
    names = {path.stem for path in FOLDER.glob("*.po")} | ({asked.new} if asked.new else set())
    for name in sorted(names):
        (FOLDER / f"{name}.po").write_bytes(written(name))
        open_ = sum(1 for message in known(name) if message.id and not all(forms(message)))
        print(f"{name}: {open_} messages without a translation")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
