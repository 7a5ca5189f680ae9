"""Sorts decoded records into one batch for all owned partitions, after checking that their offsets are contiguous."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog

from candor.messaging import metrics
from candor.messaging.holdings import Holdings
from candor.messaging.planning import Action, Continuity, OwnedPartition, private
from candor.messaging.prefetch import Decoded
from candor.messaging.source import Source
from candor.messaging.transaction import Batch

log = structlog.get_logger("candor.consumer")


class SortedBatch(NamedTuple):
    """A batch by partition, and the offsets below which records are lost for good."""

    batch: Batch
    holes: dict[tuple[int, str], int]


class Batching:
    """Compares each run of records with the next offset, which may have moved since the run was fetched."""

    def __init__(self, holdings: Holdings, source: Source) -> None:
        self._holdings = holdings
        self._source = source
        self._continuity = Continuity()

    def sort(self, decoded: Decoded) -> SortedBatch:
        """Return the batch of a turn."""
        result = SortedBatch({}, {})
        for (card, number), piece in decoded.items():
            active = self._holdings.active
            readers = active if card in self._source.broadcast else [own for own in active if own.partition == number]
            if not readers or not self._usable(card, number, piece.records, readers, result):
                continue
            for index, own in enumerate(readers):
                # A rejection finds its partition by the identity of the message: partitions must not share objects.
                result.batch.setdefault(own.partition, []).append(private(piece) if index else piece)
        return result

    def _usable(
        self, card: str, number: int, records: Sequence[Any], readers: list[OwnedPartition], result: SortedBatch
    ) -> bool:
        following = min(own.offsets.get(card, 0) for own in readers)
        first, last = records[0].offset, records[-1].offset
        fresh = first > 0 and all(card not in own.offsets for own in readers)
        step = Action.HOLE if fresh else self._continuity.check((card, number), first, last, following)
        if step is Action.AGAIN:
            self._source.follow({(card, number): following})
        elif step is Action.HOLE:
            result.holes.update({(own.partition, card): first for own in readers})
            if not fresh:
                metrics.RECORDS_MISSING.labels(card).inc(first - following)
                log.error(
                    "records are missing from a topic",
                    topic=card,
                    partition=number,
                    since=following,
                    until=first,
                    do="candor relay replay",
                )
        elif step is Action.RESET:
            for own in readers:
                own.halted = f"{card}: Kafka ends before our next offset {following}: was the topic made anew?"
            self._holdings.leave_halted()
        return step in {Action.USE, Action.HOLE}
