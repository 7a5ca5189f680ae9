"""Letters by a company's own templates (ADR 0122): its words around the parts of the built-in letter.

A template is rendered once, as text, in which each part is a sign; paragraphs and parts then become text and HTML
alike. So nothing in it is ever markup, and no value can make a line, a part or a template of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from notify_svc.channels import Form
from notify_svc.compose import own_grammar as grammar
from notify_svc.compose.rendering import BLANKS, Context, framed, parts, tidy
from notify_svc.domain.own import Own

LONGEST_SUBJECT: Final = 300
LONGEST_TEXT: Final = 20_000
"""Characters that a template may make, parts apart."""
LONGEST_GREETING: Final = 60
_SIGN: Final = re.compile("\ue010(\\w+)\ue011")
_OURS: Final = re.compile("[\ue010\ue011]")
_ENDS: Final = re.compile(r"[.!?。！？]")


def own_letter(own: Own, form: Form, context: Context) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter by `own`.

    Raises BadTemplate, and ValueError if it makes too much or no subject.
    """
    as_text = parts(form, own.language, context, html=False)
    values = _values(context, as_text)
    subject = BLANKS.sub(" ", _bounded(own.subject, values, LONGEST_SUBJECT)).strip()
    if not subject:
        raise ValueError("the subject is empty")
    blocks = list(_blocks(_bounded(own.body, values, LONGEST_TEXT)))
    text = tidy("\n\n".join(as_text[name].strip("\n") if name else words for name, words in blocks))
    if not form.html:
        return subject, text, ""
    as_html = parts(form, own.language, context, html=True)
    body = "".join(as_html[name] if name else _paragraph(words) for name, words in blocks)
    return subject, text, framed(form, own.language, subject, body)


def greeting_of(text: str) -> str:
    """The first line of a letter if it is a greeting: short, no sentence, and with an empty line below it."""
    first, _, rest = text.partition("\n")
    greets = len(first) <= LONGEST_GREETING and not _ENDS.search(first) and rest.startswith("\n")
    return first if greets else ""


def _values(context: Context, as_text: Mapping[str, str]) -> dict[str, str]:
    moved: dict[str, str] = context["moved"] or {}  # type: ignore[assignment]
    signer: dict[str, str] = context["signer"] or {}  # type: ignore[assignment]
    told = {name: str(context[name]) for name in ("what", "due", "low", "high", "next", "completed")}
    told |= {"step": str(context["milestone"]), "company": str(context["company"]), "reach": str(context["reach"])}
    told |= {"date_before": moved.get("before", ""), "date_new": moved.get("due", ""), "signer": signer.get("name", "")}
    words = {name: BLANKS.sub(" ", _OURS.sub("", value)).strip() for name, value in told.items()}
    return words | {name: f"\ue010{name}\ue011" if as_text[name].strip() else "" for name in grammar.PARTS}


def _bounded(source: str, values: Mapping[str, str], most: int) -> str:
    made, length = [], 0
    for piece in grammar.compiled(_OURS.sub("", source)).generate(values):
        length += len(piece)
        if length > most:
            raise ValueError(f"it makes more than {most:,} characters")
        made.append(piece)
    return "".join(made)


def _blocks(rendered: str) -> Iterator[tuple[str, str]]:
    """The name of a part, or "" and a paragraph, in order."""
    for number, piece in enumerate(_SIGN.split(rendered)):
        if number % 2:
            yield piece, ""
        else:
            yield from (("", words) for one in re.split(r"\n[ \t]*\n", piece) if (words := one.strip()))


def _paragraph(words: str) -> str:
    return f"<p>{'<br>'.join(escape(line.strip()) for line in words.splitlines())}</p>\n"
