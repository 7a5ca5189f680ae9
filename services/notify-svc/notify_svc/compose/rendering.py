"""Renders templates as text and as HTML in one language; the same blocks, sentences and order for both."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from jinja2 import BaseLoader, ChoiceLoader, PackageLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from candor.contracts import Statement
from notify_svc.channels import Form
from notify_svc.compose.words import translations

# Other blanks, such as one that keeps a number and its unit together, are part of what was promised.
BLANKS: Final = re.compile(r"[ \t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
Context = dict[str, object]
ROOMY: Final = 2_000
"""Characters of text from which on a channel carries whole letters."""


@cache
def _environment(templates: str | None, language: str, *, html: bool) -> ImmutableSandboxedEnvironment:
    own: list[BaseLoader] = [PackageLoader(templates)] if templates else []
    made = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*own, PackageLoader("notify_svc.compose")]),
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.globals["blocks"] = "blocks.html.j2" if html else "blocks.txt.j2"
    made.globals["language"] = language
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return made


def _template(form: Form, language: str, names: list[str], *, html: bool) -> Template:
    return _environment(form.templates, language, html=html).select_template(names)


def is_short(form: Form) -> bool:
    """Whether the letters of a channel are short ones: it carries too few characters for whole ones."""
    return form.longest is not None and form.longest < ROOMY


def rendered(form: Form, statement: Statement, language: str, context: Context) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter; a channel's own template for the statement goes before the common one."""
    subject = _template(form, language, ["subject.txt.j2"], html=False).render(context)
    context = {**context, "subject": BLANKS.sub(" ", subject).strip(), "replies": form.replies}
    common = "short.txt.j2" if is_short(form) else "letter.txt.j2"
    text = _template(form, language, [f"{statement.value}.txt.j2", common], html=False).render(context)
    html = _template(form, language, [f"{statement.value}.html.j2", "letter.html.j2"], html=True).render(context)
    return str(context["subject"]), tidy(text), html


def parts(form: Form, language: str, context: Context, *, html: bool) -> dict[str, str]:
    """The parts of the built-in letter, by the names of the blocks in letter.j2; "" where there is nothing to say."""
    template = _template(form, language, ["letter.j2"], html=html)
    known = template.new_context({**context, "replies": form.replies})
    # Blocks see what the template imports above them once that has run.
    for _ in template.root_render_func(known):
        pass
    return {name: "".join(block(known)) for name, block in template.blocks.items()}


def framed(form: Form, language: str, subject: str, body: str) -> str:
    """A whole page around `body`, which is HTML."""
    # S704: made of escaped words and of parts, which escaped theirs.
    known = {"subject": subject, "body": Markup(body)}  # noqa: S704
    return _template(form, language, ["own.html.j2"], html=True).render(known)


def rendered_for_owner(form: Form, language: str, context: Context) -> tuple[str, str]:
    """Text and HTML of the owner's letter; without the customer's message where few characters have room."""
    name = "owner_short.txt.j2" if is_short(form) else "owner.txt.j2"
    text = _template(form, language, [name], html=False).render(context)
    return tidy(text), _template(form, language, ["owner.html.j2"], html=True).render(context)


def rendered_joint(form: Form, language: str, context: Context) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter that tells several messages."""
    subject = _template(form, language, ["joint_subject.txt.j2"], html=False).render(context)
    context = {**context, "subject": BLANKS.sub(" ", subject).strip()}
    text = _template(form, language, ["joint.txt.j2"], html=False).render(context)
    return str(context["subject"]), tidy(text), _template(form, language, ["joint.html.j2"], html=True).render(context)


def rendered_asking(form: Form, language: str, context: Context) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter that asks; without the questions where few characters have room."""
    subject = _template(form, language, ["asking_subject.txt.j2"], html=False).render(context)
    filled = {"subject": BLANKS.sub(" ", subject).strip(), "short": is_short(form), "replies": form.replies}
    context = {**context, **filled}
    text = _template(form, language, ["asking.txt.j2"], html=False).render(context)
    return str(context["subject"]), tidy(text), _template(form, language, ["asking.html.j2"], html=True).render(context)


def tidy(text: str) -> str:
    """The text without blanks at the ends of lines, and with one empty line where several were."""
    lines = [line.rstrip(" \t") for line in text.split("\n")]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip() + "\n"
