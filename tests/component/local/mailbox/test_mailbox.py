"""The mailbox: real SMTP in, pages and JSON out, nothing lost that was answered with 250."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from candor.installation.addresses import HOST
from candor.local.mailbox.app import create_app
from candor.local.mailbox.smtp import Fault, Faults, listen
from candor.local.mailbox.store import Mailbox, read_ledger
from candor.local.ports import choose_port
from candor.local.process import ManagedProcess

SCRIPT = "<script>alert(1)</script>"


class RunningMailbox:
    """A mailbox in this process, with a client for each of its sides."""

    def __init__(self, mailbox: Mailbox, faults: Faults, smtp_port: int) -> None:
        self.mailbox, self.faults, self.smtp_port = mailbox, faults, smtp_port
        app = create_app(mailbox, faults, with_faults=True)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mailbox")

    async def send(self, message: EmailMessage) -> None:
        await aiosmtplib.send(message, hostname=HOST, port=self.smtp_port, start_tls=False)


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[RunningMailbox]:
    mailbox, faults = Mailbox(path), Faults()
    server = await listen(mailbox, faults, HOST, 0)
    try:
        box = RunningMailbox(mailbox, faults, server.sockets[0].getsockname()[1])
        async with box.http:
            yield box
    finally:
        server.close()
        mailbox.close()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[RunningMailbox]:
    async with running(tmp_path / "mailbox.jsonl") as made:
        yield made


def message(to: str = "ada@example.com", subject: str = "Your flight", *, html: bool = False) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "candor@example.com", to, subject
    made["Message-ID"] = f"<{abs(hash((to, subject)))}@candor.example>"
    made.set_content(f"It will be late.\n{SCRIPT}\nWe are sorry — Ünser Fehler.")
    if html:
        made.add_alternative(f"<p>It will be late.</p>{SCRIPT}", subtype="html")
    return made


async def test_a_message_is_kept_as_sent_and_read_back(box: RunningMailbox) -> None:
    await box.send(message(html=True))
    answer = (await box.http.get("/messages")).json()
    assert answer["total"] == 1
    assert answer["next"] is None
    (entry,) = answer["messages"]
    assert entry["recipients"] == ["ada@example.com"]
    assert entry["subject"] == "Your flight"
    assert "Ünser Fehler" in entry["text"]
    assert entry["html"].startswith("<p>It will be late.</p>")
    raw = await box.http.get("/messages/1/raw")
    assert raw.headers["content-type"].startswith("text/plain")
    assert "Message-ID: <" in raw.text


async def test_pages_go_from_new_to_old_and_filter_by_recipient(box: RunningMailbox) -> None:
    for n in range(5):
        await box.send(message(f"{'ada' if n % 2 else 'bob'}@example.com", f"note {n}"))
    first = (await box.http.get("/messages", params={"limit": 2})).json()
    assert [entry["subject"] for entry in first["messages"]] == ["note 4", "note 3"]
    second = (await box.http.get("/messages", params={"limit": 3, "before": first["next"]})).json()
    assert [entry["subject"] for entry in second["messages"]] == ["note 2", "note 1", "note 0"]
    assert second["next"] is None
    of_ada = (await box.http.get("/messages", params={"recipient": "ADA@example.com"})).json()
    assert [entry["subject"] for entry in of_ada["messages"]] == ["note 3", "note 1"]


async def test_pages_show_foreign_text_as_text_and_run_nothing(box: RunningMailbox) -> None:
    await box.send(message(subject=f"{SCRIPT} late", html=True))
    for path in ("/", "/m/1"):
        page = await box.http.get(path)
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
        assert 'name="viewport"' in page.text
    layout = await box.http.get("/m/1/html")
    # The message's own markup is served as it is: only its policy keeps it from running.
    assert layout.headers["content-security-policy"].endswith("sandbox")
    assert "sandbox" in (await box.http.get("/m/1")).text


@pytest.mark.parametrize("path", ["/messages/1", "/messages/0", "/m/9", "/m/1/html", "/messages/1/raw"])
async def test_a_message_that_is_not_there_is_not_found(box: RunningMailbox, path: str) -> None:
    assert (await box.http.get(path)).status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "before=0", "limit=x"])
async def test_a_page_that_cannot_be_is_refused(box: RunningMailbox, query: str) -> None:
    assert (await box.http.get(f"/messages?{query}")).status_code == 422


async def test_a_message_that_is_no_proper_mail_is_still_shown(box: RunningMailbox) -> None:
    await box.mailbox.append(
        "x@example.com", ["ada@example.com"], b"Content-Type: text/plain; charset=nope\r\n\r\n\xff?"
    )
    assert (await box.http.get("/m/1")).status_code == 200
    assert (await box.http.get("/messages")).json()["messages"][0]["subject"] == ""


async def test_a_drop_in_data_keeps_nothing_and_the_next_one_passes(box: RunningMailbox) -> None:
    answer = await box.http.put("/faults", json={"kind": "drop_in_data"})
    assert answer.status_code == 204
    with pytest.raises(aiosmtplib.SMTPException):
        await box.send(message())
    assert len(box.mailbox) == 0
    await box.send(message())
    assert len(box.mailbox) == 1


async def test_a_drop_before_the_reply_keeps_the_message_and_the_sender_cannot_know(box: RunningMailbox) -> None:
    box.faults.kind, box.faults.left = Fault.DROP_BEFORE_REPLY, 1
    with pytest.raises(aiosmtplib.SMTPException):
        await box.send(message())
    assert len(box.mailbox) == 1


@pytest.mark.parametrize(("fault", "code"), [(Fault.REFUSE_FOR_NOW, 451), (Fault.REFUSE, 550)])
async def test_refusals_carry_their_code_and_keep_nothing(box: RunningMailbox, fault: Fault, code: int) -> None:
    box.faults.kind, box.faults.left = fault, 1
    with pytest.raises(aiosmtplib.SMTPException) as refused:
        await box.send(message())
    assert str(code) in str(refused.value)
    assert len(box.mailbox) == 0


async def test_without_the_switch_nobody_can_make_it_fail(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "m.jsonl")
    app = create_app(mailbox, Faults(), with_faults=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mailbox") as http:
        assert (await http.put("/faults", json={"kind": "drop_in_data"})).status_code == 404
    mailbox.close()


async def test_messages_sent_together_are_all_kept_once(box: RunningMailbox) -> None:
    await asyncio.gather(*(box.send(message(f"c{n}@example.com")) for n in range(40)))
    everything = (await box.http.get("/messages", params={"limit": 100})).json()["messages"]
    assert sorted(entry["recipients"][0] for entry in everything) == sorted(f"c{n}@example.com" for n in range(40))
    assert sorted(entry["number"] for entry in everything) == list(range(1, 41))


async def test_a_half_written_last_line_is_forgotten_and_numbers_go_on(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.jsonl"
    async with running(path) as first:
        await first.send(message("one@example.com"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    assert [entry.number for entry in read_ledger(path)] == [1]
    async with running(path) as second:
        assert len(second.mailbox) == 1
        await second.send(message("two@example.com"))
    assert [(entry.number, entry.recipients) for entry in read_ledger(path)] == [
        (1, ("one@example.com",)),
        (2, ("two@example.com",)),
    ]


async def test_what_the_disk_does_not_take_is_not_answered_for(tmp_path: Path) -> None:
    async with running(tmp_path / "mailbox.jsonl") as box:
        await box.send(message("one@example.com"))
        # No file may grow past this: what a full disk does to a write, without filling one.
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "mailbox.jsonl").stat().st_size + 10, limits[1]))
        try:
            with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                await box.send(message("two@example.com"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, heard)
        assert refused.value.code == 452
        await box.send(message("three@example.com"))
    kept = [entry.recipients[0] for entry in read_ledger(tmp_path / "mailbox.jsonl")]
    assert kept == ["one@example.com", "three@example.com"]


async def test_a_kill_loses_no_message_that_was_answered_for(tmp_path: Path) -> None:
    ledger, (http, smtp) = tmp_path / "mailbox.jsonl", (choose_port(None, "pages"), choose_port(None, "smtp"))
    command = [sys.executable, "-m", "candor.local.mailbox", "--http", str(http), "--smtp", str(smtp)]
    process = ManagedProcess("mailbox", tmp_path / "record.json", tmp_path / "log")
    answered: list[str] = []
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{http}") as client:
        for round_ in range(2):
            process.start([*command, "--file", str(ledger)])
            await until_ready(client)

            enough = asyncio.Event()

            async def keep_sending(round_: int = round_, enough: asyncio.Event = enough) -> None:
                for n in range(10_000):
                    address = f"c{round_}-{n}@example.com"
                    await aiosmtplib.send(message(address), hostname=HOST, port=smtp, start_tls=False)
                    answered.append(address)
                    if n == 20:
                        enough.set()

            sending = asyncio.create_task(keep_sending())
            await enough.wait()
            process.kill()
            with pytest.raises((aiosmtplib.SMTPException, OSError)):
                await sending
        process.start([*command, "--file", str(ledger)])
        await until_ready(client)
        assert (await client.get("/messages", params={"limit": 1})).json()["total"] >= len(answered)
    assert process.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
    kept = [entry.recipients[0] for entry in read_ledger(ledger)]
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))


async def until_ready(client: httpx.AsyncClient) -> None:
    for _ in range(500):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.02)
    raise AssertionError("the mailbox did not come up")
