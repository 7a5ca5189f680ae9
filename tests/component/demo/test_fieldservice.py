"""`candor replay fieldservice` as a process, against a receiver on a real port."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from candor.replay.stream import read_stream
from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.config import read_params
from tests.component.demo.receiver import SECRET, Receiver, serving
from tests.component.demo.test_commands import start
from tests.support.companies import small

GUIDE = Path(__file__).parents[3] / "docs/guide/simulate-a-company.md"
CONFIG = "weeks: 1\npromises_per_week: 8\ncustomers: 4\nincidents: {per_week: 5}\n"
COMMAND = ("replay", "fieldservice", "--secrets", "secrets.json", "--config", "params.yaml")


def given(folder: Path, config: str = CONFIG) -> Company:
    (folder / "params.yaml").write_text(config)
    (folder / "secrets.json").write_text(json.dumps({"sources": {"replay": {"secrets": [SECRET]}}}))
    return Company(read_params(folder / "params.yaml"), 3)


async def test_every_event_of_the_company_is_sent_once_and_a_second_run_sends_the_same(tmp_path: Path) -> None:
    expected = {event.id for event in given(tmp_path).events()}
    async with serving(Receiver()) as receiver:
        for _ in range(2):
            process = await start(tmp_path, receiver, *COMMAND, "--seed", "3", "--json")
            out, err = await process.communicate()
            assert process.returncode == 0, err.decode()
            assert json.loads(out)["sent"] == json.loads(out)["total"] == len(expected)
    assert len(receiver.ids) == 2 * len(expected)
    assert set(receiver.ids) == expected
    services = {body["type"].split(".")[0]: body["service"] for _, body in receiver.accepted}
    assert services["milestone"] == services["incident"] == "delivery"
    assert services["statement"] == services["claim"] == services["handoff"] == "promise"


async def test_a_company_that_ends_today_leaves_out_what_is_to_come(tmp_path: Path) -> None:
    given(tmp_path, CONFIG + "zone: UTC\n")
    async with serving(Receiver()) as receiver:
        process = await start(tmp_path, receiver, *COMMAND, "--seed", "3", "--ending", "today", "--json")
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        process = await start(tmp_path, receiver, *COMMAND, "--ending", "someday")
        _, err = await process.communicate()
    assert b"--ending: must be today, or a day from" in err
    times = [body["timestamp"] for _, body in receiver.accepted]
    assert len(times) == json.loads(out)["sent"]
    assert max(times) <= datetime.now(UTC).isoformat()
    # The register stands on the day before the first of seven.
    first = datetime.fromisoformat(min(times))
    assert timedelta(days=6) < datetime.now(UTC) - first < timedelta(days=9)


async def test_what_is_about_a_promise_comes_in_its_order(tmp_path: Path) -> None:
    company = given(tmp_path)
    async with serving(Receiver()) as receiver:
        process = await start(tmp_path, receiver, *COMMAND, "--seed", "3")
        await process.communicate()
    arrived = {name: place for place, name in enumerate(receiver.ids)}
    for number in range(4):
        own = [event.id for event in company.events() if event.data.get("promise_id") == company.naming.of("P", number)]
        assert len(own) > 3
        assert [arrived[name] for name in own] == sorted(arrived[name] for name in own)


async def test_at_a_chosen_speed_events_wait_for_their_time_and_ctrl_c_stops(tmp_path: Path) -> None:
    given(tmp_path)
    async with serving(Receiver()) as receiver:
        process = await start(tmp_path, receiver, *COMMAND, "--seed", "3", "--speed", "1", "--json")
        await receiver.received(1)
        await asyncio.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert process.returncode == 130, err.decode()
    assert json.loads(out)["stopped"] is True
    # The register stands on the first day; the first promise comes hours later.
    assert {body["type"] for _, body in receiver.accepted} == {"capability.set"}


async def test_it_writes_all_of_a_company_to_files_that_are_read_again(tmp_path: Path) -> None:
    company = given(tmp_path)
    async with serving(Receiver()) as receiver:
        process = await start(tmp_path, receiver, *COMMAND, "--seed", "3", "--write", "company")
        _out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
    assert receiver.ids == []
    folder = tmp_path / "company"
    assert read_params(folder / "params.yaml") == company.params
    assert [event for _, event in read_stream(folder / "events.jsonl")] == list(company.events())
    assert json.loads((folder / "params.schema.json").read_text())["title"] == "Params"


def test_the_files_are_written_as_the_guide_says(tmp_path: Path) -> None:
    (script,) = [
        block for block in re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), re.DOTALL) if "--write" in block
    ]
    program = tmp_path / "candor"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m candor.cli "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True)
    one, other = (read_stream(tmp_path / folder / "events.jsonl") for folder in ("company", "company-2"))
    assert not {event.id for _, event in one} & {event.id for _, event in other}


async def test_a_mistake_in_the_parameters_is_one_line_with_its_place(tmp_path: Path) -> None:
    given(tmp_path)
    (tmp_path / "params.yaml").write_text("weeks: 1\ncrews:\n  x: {bias: 99}\n")
    async with serving(Receiver()) as receiver:
        process = await start(tmp_path, receiver, *COMMAND)
        _out, err = await process.communicate()
    assert process.returncode == 2
    said = " ".join(err.decode().split())
    assert "params.yaml, line 3: crews.x.bias: must be less than or equal to 10" in said
    assert receiver.ids == []


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    given(tmp_path)
    async with serving(Receiver()) as receiver:
        process = await start(tmp_path, receiver, *COMMAND, "--write", "params.yaml/company")
        _out, err = await process.communicate()
    assert process.returncode == 1
    assert "cannot write under" in err.decode()


def test_some_weeks_of_it_have_every_kind_of_event() -> None:
    kinds = {event.type for event in Company(small(), 1).events()}
    assert "sheet.answered" in kinds
    assert {"promise.made", "milestone.reported", "incident.reported", "statement.made", "handoff.requested"} <= kinds
    assert {"claim.made", "claim.corrected", "capability.set", "account.set", "promise.revised"} <= kinds
