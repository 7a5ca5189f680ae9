"""A source that a mapping describes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from candor.intake.event import Event
from candor.intake.mapped import outbound_message
from candor.intake.mapped.config import MOST_ITEMS, EventRule, SourceRule, Value
from candor.intake.mapped.expressions import ExpressionError, evaluate, holds
from candor.intake.mapped.fields import made, moment
from candor.intake.mapped.labels import UnknownLabels, labels_of, places
from candor.intake.mapped.schemes import schemes_of
from candor.intake.requests.mentioned import NAMES
from candor.intake.source import Incoming, Items, Outcome, Reply, Unusable, canonical, counted
from candor.web.http import strict_json
from candor.web.http.body import JSON
from candor.web.http.problems import Problem
from candor.web.security.webhooks import Webhook

INCIDENT: Final = "incident.reported"


class MappedSource:
    """Reads what a mapping describes; the mapping is right, as `read_sources` has checked it."""

    def __init__(self, name: str, rule: SourceRule) -> None:
        self.name = name
        self.rule = rule
        self.schemes = schemes_of(rule.proof)
        self.unknown = UnknownLabels()
        self.media_types = media_types_of(rule)
        self._parameters = {key: one.default for key, one in rule.parameters.items()}

    def read(self, webhook: Webhook, known: Collection[str], now: datetime) -> Items:  # noqa: ARG002
        """The events of a body, one an item; those that mean nothing here are left out if the mapping says so."""
        body = outbound_message.read(webhook.raw) if self._soap(webhook.raw) else strict_json.loads(webhook.raw)
        given = {"body": body, "item": body, "number": 0, "sender": webhook.source, "parameters": self._parameters}
        found: list[Incoming | Unusable] = []
        for number, item in enumerate(self._items(given)):
            found += self._events({**given, "item": item, "number": number}, now)
        return found

    def answer(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> Reply:
        """What the mapping says that the sender wants to hear; Salesforce's acknowledgement of an Outbound Message."""
        if self._soap(webhook.raw):
            return outbound_message.acknowledged()
        said = self.rule.answer
        if said.text is None:
            return counted(outcomes, said.status)
        return Reply(said.status, said.text.encode(), "text/plain; charset=utf-8")

    def _soap(self, raw: bytes) -> bool:
        return "outbound_message" in self.rule.formats and (
            "json" not in self.rule.formats or outbound_message.is_xml(raw)
        )

    def _items(self, given: dict[str, Any]) -> list[Any]:
        if self.rule.each is None:
            return [given["item"]]
        try:
            items = evaluate(self.rule.each, given)
        except ExpressionError as error:
            raise Problem.invalid_field("", f"each: {error}") from None
        if not isinstance(items, list):
            raise Problem.invalid_field("", f"the body has no list where the mapping looks for one: {self.rule.each}")
        if len(items) > MOST_ITEMS:
            raise Problem.limit_reached("", f"a body has at most {MOST_ITEMS:,} items", MOST_ITEMS)
        return items

    def _events(self, given: dict[str, Any], now: datetime) -> Items:
        try:
            given["named"] = self._named(given)
            rules = self._rules(given)
        except Problem as problem:
            return [Unusable(problem, raw=canonical(given["item"]), data=_whom(self.rule.events, given))]
        found = [_event(rule, given, now, alone=len(rules) == 1) for rule in rules]
        if self.rule.labels is not None:
            found = [self._affecting(item, given) for item in found]
        return found

    def _affecting(self, item: Incoming | Unusable, given: dict[str, Any]) -> Incoming | Unusable:
        """The incident with what its labels affect; what no rule knows is counted, and what it said itself stands."""
        if isinstance(item, Unusable) or item.event.type != INCIDENT:
            return item
        rules = self.rule.affects if isinstance(self.rule.affects, list) else []
        try:
            labels = labels_of(evaluate(self.rule.labels or "`null`", given))
        except ExpressionError:
            labels = {}
        data = item.event.data
        if found := places(labels, rules):
            data = {**data, "affects": found}
        elif rules or not data.get("affects"):
            self.unknown.add(given["sender"], labels)
        return item._replace(event=item.event._replace(data=data))

    def _named(self, given: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, expression in self.rule.named.items():
            try:
                found[name] = evaluate(expression, {**given, "named": found})
            except ExpressionError as error:
                raise Problem.invalid_field("", f"named {name}: {error}") from None
        return found

    def _rules(self, given: dict[str, Any]) -> list[EventRule]:
        try:
            if self.rule.ignore is not None and holds(self.rule.ignore, given):
                return []
            found = [rule for rule in self.rule.events if rule.when is None or holds(rule.when, given)]
        except ExpressionError as error:
            raise Problem.invalid_field("", f"when: {error}") from None
        if not found:
            words = "no `when` of the mapping holds for this item: add an event for it, or let `ignore` leave it out"
            raise Problem.invalid_field("", words)
        return found


def media_types_of(rule: SourceRule) -> Sequence[str]:
    """What its bodies come as."""
    soap = outbound_message.MEDIA_TYPES if "outbound_message" in rule.formats else ()
    return (*(JSON if "json" in rule.formats else ()), *soap)


def _event(rule: EventRule, given: dict[str, Any], now: datetime, *, alone: bool) -> Incoming | Unusable:
    try:
        name = _id(rule, given)
        data = {}
        for key, spec in rule.data.items():
            if (value := made(spec, given, f"/data/{key}")) is not None:
                data[key] = value
        time = (moment(rule.time, given, "/time") if rule.time is not None else None) or now
    except Problem as problem:
        return Unusable(problem, type=rule.type, raw=canonical(given["item"]), data=_whom([rule], given))
    if name:
        # A sender that names its event may repeat it with another text around it: it stays the same event.
        return Incoming(name, Event(rule.type, time, data), canonical([rule.type, name]))
    # Of several events that one item makes, each has what it says for its identity.
    return Incoming("", Event(rule.type, time, data), canonical(given["item"] if alone else [rule.type, data]))


def _whom(rules: Sequence[EventRule], given: dict[str, Any]) -> dict[str, Any]:
    """Whom an item names by any of these rules, though it makes no event."""
    found: dict[str, Any] = {}
    for rule in rules:
        for key in NAMES:
            if key in rule.data and key not in found:
                with suppress(Problem):
                    found[key] = made(rule.data[key], given, f"/data/{key}")
    return found


def _id(rule: EventRule, given: dict[str, Any]) -> str:
    if rule.id is None:
        return ""
    if isinstance(rule.id, list):
        return ":".join(_part(one, given) for one in rule.id)
    return _part(rule.id, given)


def _part(value: Value, given: dict[str, Any]) -> str:
    found = made(value, given, "/id")
    if found in (None, "") or isinstance(found, dict | list):
        raise Problem.invalid_field("/id", "the mapping's `id` selects nothing that could be one")
    return str(found)
