"""`candor import TABLE --map` as processes, against a receiver on a real port."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

from tests.component.demo.receiver import KEY, Receiver, serving
from tests.component.demo.test_commands import start

ORDERS = """order;customer;what;ordered;promised;delivered;region
SO-1;acme;Espresso machine;01.03.2026;10.03.2026 16:00;11.03.2026;north
SO-2;bolt;Grinder;02.03.2026;09.03.2026;09.03.2026;south
SO-3;acme;Boiler;30.02.2026;12.03.2026;;north
SO-4;acme;Mill;03.03.2026;TBD;;south
"""


def orders(folder: Path, text: str = ORDERS) -> Path:
    path = folder / "orders.csv"
    path.write_text(text)
    return path


async def run(folder: Path, receiver: Receiver, *arguments: str) -> tuple[int | None, str, str]:
    process = await start(folder, receiver, "import", *arguments)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def rejected(folder: Path) -> list[dict[str, str]]:
    text = (folder / "orders.rejected.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def sent(receiver: Receiver) -> Counter[str]:
    return Counter(event["type"] for _service, batch in receiver.batches for event in batch)


async def test_a_table_is_proposed_for_edited_checked_and_imported_and_twice_changes_nothing(tmp_path: Path) -> None:
    file, own = str(orders(tmp_path)), str(tmp_path / "orders.map.yaml")
    async with serving(Receiver()) as receiver:
        status, _out, err = await run(tmp_path, receiver, file, "--map", "--zone", "Europe/Berlin")
        assert status == 0, err
        assert "promised   due" in err
        assert 'row 2: promise.made {"promise_id": "SO-1", "customer_id": "acme"' in err
        status, _out, err = await run(tmp_path, receiver, file, "--map", own, "--check")
        assert status == 1, err
        assert "row 4, ordered: made_at: must be a time" in err
        assert "4 rows make 5 events" in err
        assert receiver.batches == []
        status, out, err = await run(tmp_path, receiver, file, "--map", own, "--key", KEY, "--json")
        assert (status, json.loads(out)["accepted"], json.loads(out)["rows_rejected"]) == (1, 5, 1), err
        assert sent(receiver) == {"promise.made": 3, "milestone.reported": 2}
        rows = rejected(tmp_path)
        assert [(row["row"], row["column"], row["order"]) for row in rows] == [("4", "ordered", "SO-3")]
        status, out, _err = await run(tmp_path, receiver, file, "--map", own, "--key", KEY, "--json")
        assert (status, json.loads(out)["skipped"], json.loads(out)["accepted"]) == (1, 5, 0)
        status, out, _err = await run(
            tmp_path,
            receiver,
            str(orders(tmp_path, ORDERS.replace("30.02", "28.02"))),
            "--map",
            own,
            "--key",
            KEY,
            "--json",
        )
        assert (status, json.loads(out)["replayed"], json.loads(out)["accepted"]) == (0, 5, 1)
    assert not (tmp_path / "orders.rejected.csv").exists()
    assert list((tmp_path / "imports").glob("*.jsonl")) == []


async def test_what_a_service_refuses_is_said_of_its_row_again_by_the_next_run(tmp_path: Path) -> None:
    file, own = str(orders(tmp_path)), str(tmp_path / "orders.map.yaml")
    async with serving(Receiver()) as receiver:
        receiver.bad_types.add("milestone.reported")
        await run(tmp_path, receiver, file, "--map", "--zone", "Europe/Berlin")
        for _ in range(2):
            status, _out, err = await run(tmp_path, receiver, file, "--map", own, "--key", KEY)
            assert status == 1
            assert "row 2: invalid_field: told to" in err
            assert "rows that were not taken: 3; " in err
    rows = rejected(tmp_path)
    assert [row["order"] for row in rows] == ["SO-1", "SO-2", "SO-3"]


async def test_an_import_that_could_not_finish_goes_on_where_it_stopped(tmp_path: Path) -> None:
    file, own = str(orders(tmp_path)), str(tmp_path / "orders.map.yaml")
    async with serving(Receiver(lambda _id, attempt: 401 if attempt == 2 else 202)) as receiver:
        await run(tmp_path, receiver, file, "--map", "--zone", "Europe/Berlin")
        status, _out, err = await run(tmp_path, receiver, file, "--map", own, "--key", KEY)
        assert (status, "HTTP 401" in err) == (2, True)
        status, out, _err = await run(tmp_path, receiver, file, "--map", own, "--key", KEY, "--json")
    assert (status, json.loads(out)["skipped"], json.loads(out)["accepted"]) == (1, 3, 2)
    assert sent(receiver) == {"promise.made": 3, "milestone.reported": 2}


async def test_what_was_meant_is_said_in_one_line(tmp_path: Path) -> None:
    file, own = str(orders(tmp_path)), tmp_path / "orders.map.yaml"
    async with serving(Receiver()) as receiver:
        said = {}
        said["plain"] = await run(tmp_path, receiver, file, "--key", KEY)
        await run(tmp_path, receiver, file, "--map")
        said["again"] = await run(tmp_path, receiver, file, "--map")
        said["open"] = await run(tmp_path, receiver, file, "--map", str(own), "--key", KEY)
        own.write_text(own.read_text().replace("'???'", "Europe/Berlin"))
        said["no map"] = await run(tmp_path, receiver, file, str(own), "--key", KEY)
        said["no key"] = await run(tmp_path, receiver, file, "--map", str(own))
    assert {name: (status, err.count("\n")) for name, (status, _out, err) in said.items()} == dict.fromkeys(
        said, (2, 1)
    )
    assert "orders.csv --map proposes what its columns mean" in said["plain"][2]
    assert "is there already" in said["again"][2]
    assert "zone is left open" in said["open"][2]
    assert "is a table" in said["no map"][2]
    assert "an operator's key is missing" in said["no key"][2]
    assert receiver.batches == []
