"""Matters in a batch: what it loaded of them, what it decided, what it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from candor.contracts.matters import Claimed
from candor.store.unit_of_work import UnitOfWork
from promise_svc import domain
from promise_svc.domain import Customer, Enter, Entry, Kind, Matter, Promise, Refusal, RefusalReason, claims, limits
from promise_svc.domain.matter import fold
from promise_svc.store import matters as rows
from promise_svc.store.matters import Key, Known

OF_A_PROMISE: Final = (Kind.HANDOFF, Kind.OFFER, Kind.PLAN, Kind.CLARIFICATION)
"""Kinds that are refused as long as their promise is unknown."""


@dataclass(slots=True)
class Matters:
    """What a batch loaded and changed of matters; later commands see the decisions of earlier ones."""

    known: dict[Key, Known] = field(default_factory=dict)
    registers: dict[str, list[Entry]] = field(default_factory=dict)
    current: dict[Key, Matter] = field(default_factory=dict)
    added: dict[Key, list[Entry]] = field(default_factory=dict)
    changed: set[Key] = field(default_factory=set)

    @classmethod
    async def load(cls, uow: UnitOfWork, commands: Sequence[Enter], made: set[str]) -> Matters:
        """Read what these commands touch, what waits for promises being `made`, and open hand-offs asked for again."""
        keys = {(one.kind, one.matter_id) for one in commands}
        keys |= {target for one in commands if (target := _target(one)) is not None}
        waited = {one.promise_id for one in commands if one.kind is Kind.STATEMENT and one.promise_id is not None}
        asked = {(one.promise_id or "", one.content["deliverer"]) for one in commands if _asks(one)}
        known = await rows.load(uow, keys, made | waited, asked)
        registers = await rows.registers(uow, _capabilities(commands, known))
        return cls(known, registers, {key: one.matter for key, one in known.items()})

    def taken(self, commands: Sequence[Enter]) -> set[str]:
        """The promises that options are taken about by what is said here of some time, which others may follow."""
        begun = {one.matter_id: one.promise_id for one in commands if one.kind is Kind.OFFER and one.begins}
        said = [one.matter_id for one in commands if one.kind is Kind.OFFER and not one.begins and not one.now]
        offers = {name: self.current.get((Kind.OFFER, name)) for name in said}
        found = {begun.get(name) if offer is None else offer.promise_id for name, offer in offers.items()}
        return {name for name in found if name is not None}

    def repeated(self, command: Enter) -> Matter | None:
        """The matter of which this says again what was said; None if it says anything else."""
        key = (command.kind, command.matter_id)
        known, entries = self.current.get(key), self._entries(key)
        if known is None or not domain.repeats(known, entries, command):
            return None
        told, _ = fold(command, entries)
        return replace(known, since=known.since if told is None else told.since, verdict=self._verdict(known))

    def decide(
        self, command: Enter, reported: datetime, promises: Mapping[str, Promise], customers: Mapping[str, Customer]
    ) -> tuple[Matter, Entry]:
        """The matter with this entry, `reported` then, and the entry, neither of which is kept yet. Raises Refusal."""
        key = (command.kind, command.matter_id)
        if command.begins:
            command = self._about(command, promises)
            customer = customers.get(command.customer_id)
            said = min(command.at, reported, command.asked_at or reported)
            domain.admit(customer.erased_at if customer else None, said)
        domain.refuse_second(self.current.values(), command, reported)
        if command.kind is Kind.OFFER and command.action == "taken":
            self._offered(command)
        matter, entry = domain.enter(self.current.get(key), self._entries(key), command)
        return replace(matter, verdict=self._verdict(matter)), entry

    def keep(self, matter: Matter, entry: Entry) -> None:
        """Keep what was decided."""
        key = (matter.kind, matter.matter_id)
        self.current[key] = matter
        self.changed.add(key)
        machine = domain.MACHINES[matter.kind]
        if matter.state == machine.gone and not matter.in_effect:
            # What comes after its end leaves nothing but that it came.
            entry = entry._replace(content={}, words={})
        if machine.keeps:
            self.added.setdefault(key, []).append(entry)
        if matter.kind is Kind.CAPABILITY and matter.matter_id in self.registers:
            self.registers[matter.matter_id].append(entry)

    def adopt(self, promise: Promise, customer: Customer | None) -> list[Matter]:
        """What waited for this promise now belongs to its customer, but for what was said before their erasure."""
        erased = customer.erased_at if customer is not None else None
        adopted = []
        for key, matter in self._waiting(promise.promise_id):
            if erased is None or matter.at > erased:
                self.current[key] = replace(matter, customer_id=promise.customer_id)
                self.changed.add(key)
                adopted.append(self.current[key])
        return adopted

    async def save(self, uow: UnitOfWork) -> None:
        """Write what was kept."""
        await rows.save(uow, self.known, [self.current[key] for key in self.changed], self.added)

    def _entries(self, key: Key) -> list[Entry]:
        return [*(self.known[key].entries if key in self.known else ()), *self.added.get(key, ())]

    def _waiting(self, promise_id: str) -> list[tuple[Key, Matter]]:
        return [(key, one) for key, one in self.current.items() if one.waiting and one.promise_id == promise_id]

    def _about(self, command: Enter, promises: Mapping[str, Promise]) -> Enter:
        """The command with the customer whom it is about."""
        target = _target(command)
        if target is not None:
            found = self.current.get(target)
            if found is None:
                raise Refusal(RefusalReason.UNKNOWN_MATTER, f"there is no such {target[0]}")
            return replace(command, customer_id=found.customer_id, promise_id=found.promise_id)
        if command.promise_id is None:
            return command
        promise = promises.get(command.promise_id)
        if promise is not None:
            return replace(command, customer_id=promise.customer_id)
        if command.kind is not Kind.STATEMENT:
            raise Refusal(RefusalReason.UNKNOWN_PROMISE, "there is no such promise")
        if len(self._waiting(command.promise_id)) >= limits.WAITING:
            detail = f"at most {limits.WAITING} statements wait for a promise that is not known"
            raise Refusal(RefusalReason.LIMIT_REACHED, detail, "/promise_id", limits.WAITING)
        return command

    def _offered(self, command: Enter) -> None:
        matter = self.current.get((command.kind, command.matter_id))
        options = [] if matter is None else [option["name"] for option in matter.content["options"]]
        if matter is not None and command.content["taken"] not in options:
            raise Refusal(RefusalReason.WRONG_FIELD, f"must be one of {', '.join(options)}", "/taken")

    def _verdict(self, matter: Matter) -> str | None:
        if matter.kind is not Kind.CLAIM:
            return None
        entry = claims.stood(self.registers.get(matter.capability_id or "", ()), matter.at)
        statuses = () if entry is None else entry.content["statuses"]
        there = claims.level(statuses, matter.content.get("region"), matter.content.get("edition"))
        return claims.check(Claimed(matter.content["said"]), there)


def _target(command: Enter) -> Key | None:
    """The claim or statement that a challenge begins about."""
    if command.kind is not Kind.CHALLENGE or not command.begins or command.content["about"] == "promise":
        return None
    return Kind(command.content["about"]), command.content["about_id"]


def _asks(command: Enter) -> bool:
    """Whether one of our own users asks for a hand-off, of which there may be one already."""
    return command.kind is Kind.HANDOFF and command.begins and not command.waits


def _capabilities(commands: Sequence[Enter], known: Mapping[Key, Known]) -> set[str]:
    wanted = {one.capability_id for one in commands if one.kind is Kind.CLAIM}
    wanted |= {one.matter.capability_id for (kind, _), one in known.items() if kind is Kind.CLAIM}
    return {name for name in wanted if name is not None}
