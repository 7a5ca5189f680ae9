"""What others write into our topics: it forges nothing, holds nobody up, stops no partition, and can be seen."""

from __future__ import annotations

from pathlib import Path

from candor.contracts import Record, encode
from candor.messaging.consumer import Worker
from candor.ops import metrics
from candor.records.origin import Signer, new_keys
from candor.store.db import Database
from tests.component.messaging.test_poison import decide, garbage, letters, reached
from tests.support.foundation import erased
from tests.support.ledger.book import GROUP, LedgerHandler, LedgerSettings, Sender, effects, settings_for, withdrawn
from tests.support.ledger.running import running
from tests.support.waiting import until

OTHERS = [("ce_specversion", b"1.0"), ("ce_type", b"com.example.order.paid"), ("ce_id", b"1"), ("ce_source", b"shop"),
          ("ce_time", b"2013-03-08T12:00:00+00:00"), ("ce_subject", b"p1"), ("ce_version", b"1")]  # fmt: skip


class Keys:
    """The files of the producer and of its consumers."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.private, self.public = folder / "signing.key", folder / "public.keys"
        self.rotate()

    def rotate(self) -> None:
        private, public = new_keys()
        before = self.public.read_text() if self.public.exists() else ""
        self.public.write_text(f"{before}{public}\n")
        self.private.write_text(private)

    def settings(self, kafka: str, prefix: str) -> LedgerSettings:
        return settings_for(kafka, prefix).model_copy(update={"event_public_keys_file": self.public})

    def erasure(self, customer: str) -> Record:
        return Signer(self.private).sign("promises", encode(erased(customer)))


async def test_a_forged_erasure_does_nothing_but_a_dead_letter(
    ledger: Database, kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    keys = Keys(tmp_path)
    counted = _foreign("forged")
    settings = keys.settings(kafka, topic_prefix)
    async with Sender(settings) as sender, running(Worker(settings, ledger, LedgerHandler(), GROUP)):
        await sender.send([withdrawn("c1", "p1", 1)])
        await reached(ledger, 1, 0)
        await sender.raw("promises", encode(erased("c1")))
        await sender.raw("promises", Keys(tmp_path / "strangers").erasure("c1"))
        await sender.send([withdrawn("c1", "p1", 2)])
        await reached(ledger, 2, 2)
        assert [(item.reason, item.subject) for item in await letters(ledger)] == [("forged", "")] * 2
        assert _foreign("forged") == counted + 2
        # The real one, of the same customer, does not wait behind the forged ones.
        await sender.raw("promises", keys.erasure("c1"))
        await reached(ledger, 3, 0)


async def test_garbage_without_end_stops_no_partition(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    worker = Worker(settings, ledger, LedgerHandler(), GROUP)
    customers = [f"c{number}" for number in range(40)]
    async with Sender(settings) as sender:
        for number in range(30):
            for customer in customers[:20]:
                noise = Record(customer.encode(), b"\xff" * number, []) if number % 2 else Record(
                    customer.encode(), b"{}", OTHERS
                )  # fmt: skip
                await sender.raw("promises", noise)
        await sender.send([withdrawn(customer, f"p-{customer}", 1) for customer in customers])
        async with running(worker):
            await reached(ledger, 40, 600)
            assert worker.halted == {}
        # Nor does what lies there from yesterday stop it at the next start.
        again = Worker(settings, ledger, LedgerHandler(), GROUP)
        async with running(again):
            await sender.send([withdrawn(customer, f"p-{customer}", 2) for customer in customers])
            await reached(ledger, 80, 600)
            assert again.halted == {}
    assert {item.reason for item in await letters(ledger)} == {"missing_attribute", "foreign_type"}


async def test_what_our_own_build_got_wrong_still_stops_its_partition_amid_garbage(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    worker = Worker(settings, ledger, LedgerHandler(), GROUP)
    async with Sender(settings) as sender:
        for number in range(25):
            await sender.raw("promises", garbage("c1", f"p{number}", 1))
            await sender.raw("promises", Record(b"c1", b"noise", []))
        async with running(worker):
            await until(lambda: worker.halted, pause=0.05)
            assert "20 dead letters in a row" in next(iter(worker.halted.values()))


async def test_keys_are_changed_while_a_worker_runs_and_a_forgotten_one_is_made_good(
    ledger: Database, kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    keys = Keys(tmp_path)
    settings = keys.settings(kafka, topic_prefix)
    async with Sender(settings) as sender, running(Worker(settings, ledger, LedgerHandler(), GROUP)):
        await sender.raw("promises", keys.erasure("c1"))
        keys.rotate()
        await sender.raw("promises", keys.erasure("c2"))
        await reached(ledger, 2, 0)
        # The producer's new key is not made known to its consumers: nothing is lost, it waits for a person.
        known = keys.public.read_text()
        keys.rotate()
        complete = keys.public.read_text()
        keys.public.write_text(known)
        await sender.raw("promises", keys.erasure("c3"))
        await reached(ledger, 2, 1)
        assert await effects(ledger.url) == 2
        keys.public.write_text(complete)
        assert await decide(ledger, "replay") == 1
        await reached(ledger, 3, 0)


def _foreign(reason: str) -> float:
    labels = {"topic": "promises", "reason": reason}
    return metrics.REGISTRY.get_sample_value("candor_foreign_records_total", labels) or 0
