"""The part of Jinja that a company's templates may use: text, what is filled in, and conditions; nothing that runs.

There is no loop, call, filter, arithmetic, assignment or attribute, so that a template takes no longer than it is long
and can reach nothing but what is filled in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST: Final = 10_000
"""Characters of a template."""
DEEPEST: Final = 8
"""Conditions within conditions."""
WORDS: Final = {
    "what": "what was promised",
    "step": "the step that was missed",
    "due": "the time that was promised, or the end of that day",
    "low": "the earlier end of the range",
    "high": "the later end of the range",
    "next": "until when they hear from you next",
    "completed": "when it was done",
    "date_before": "the date until now, of one that you moved",
    "date_new": "the date that it has now",
    "company": "`company` of LETTERS_FILE",
    "reach": "`reach` of LETTERS_FILE",
    "signer": "the name of the promise's owner",
}
"""What is filled in within a line; each may be empty."""
PARTS: Final = {
    "greeting": "a greeting",
    "news": "the news in one sentence, the bad first",
    "sorry": "an apology, where you are at fault",
    "promised": "what was promised and, of a moved date, both dates",
    "expected": "the new range and how sure it is, or that there is none",
    "reason": "the public reason of a moved date or a withdrawal",
    "happened": "what happened, and the chance that it is on time",
    "circumstances": "incidents that are open, as circumstances",
    "meaning": "what it means for the customer",
    "actions": "what you do about it",
    "options": "what the customer can do, with strengths and weaknesses",
    "onward": "until when they hear next, or that this was the last message",
    "signed": "who looks after it, how to reach them, and the company",
    "zone": "in which zone the times are",
}
"""The parts of the built-in letter; each is a paragraph, a list or a table of its own, and may be empty."""
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If),
    *(nodes.And, nodes.Or, nodes.Not),
)
_CANNOT: Final = (TemplateSyntaxError, RecursionError, MemoryError, SyntaxError, ValueError)


class BadTemplate(Exception):  # noqa: N818 - what it is
    """A template that is none, and why, for whoever wrote it."""


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=0)
    for reachable in (made.globals, made.filters, made.tests):
        reachable.clear()
    return made


_jinja: Final = _environment()


@lru_cache(256)
def compiled(source: str) -> Template:
    """The template of a source. Raises BadTemplate for what is not allowed in one."""
    _checked(source)
    try:
        return _jinja.from_string(source)
    except _CANNOT as error:
        raise BadTemplate(_said(error)) from None


def literals(source: str) -> str:
    """The company's own words in a template, a line each piece, in every branch. Raises BadTemplate."""
    return "\n".join(node.data for node in _checked(source).find_all(nodes.TemplateData))


def names(source: str) -> frozenset[str]:
    """What a template fills in or asks for. Raises BadTemplate."""
    return frozenset(node.name for node in _checked(source).find_all(nodes.Name))


def _checked(source: str) -> nodes.Template:
    if len(source) > LONGEST:
        raise BadTemplate(f"at most {LONGEST:,} characters")
    try:
        tree = _jinja.parse(source)
        _walk(tree, 0)
    except _CANNOT as error:
        raise BadTemplate(_said(error)) from None
    return tree


def _walk(node: nodes.Node, deep: int) -> None:
    if type(node) not in _ALLOWED:
        raise BadTemplate(f"{type(node).__name__.lower()} has no place in a template: fill in words, or ask with if")
    if isinstance(node, nodes.Name) and (node.ctx != "load" or node.name not in {*WORDS, *PARTS}):
        raise BadTemplate(f"{node.name!r} is nothing that can be filled in")
    deep += isinstance(node, nodes.If)
    if deep > DEEPEST:
        raise BadTemplate(f"at most {DEEPEST} conditions within each other")
    for child in node.iter_child_nodes():
        _walk(child, deep)


def _said(error: BaseException) -> str:
    if isinstance(error, TemplateSyntaxError):
        return f"line {error.lineno}: {error.message}"
    return "it is too deep to be read"
