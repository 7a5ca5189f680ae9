"""Webhooks to customers' systems: signed, tried for 27 hours with one id, ended by 410, never to a private address."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog

from candor.clients.posting import Posting, Reply
from candor.clients.public_address import Guard, NotPublicError
from candor.web.security.signatures import sign
from notify_svc.channels import Begin, Fate, Form, Message, Outcome
from notify_svc.channels.posting import attempt
from notify_svc.channels.webhook.circuit import Circuit
from notify_svc.channels.webhook.settings import Secrets

PAUSES: Final = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
"""Seconds between attempts: the usual schedule of Standard Webhooks' senders, eight attempts in 27 h 35 min."""
JITTER: Final = 0.2
TYPE: Final = "promise.update"
log = structlog.get_logger("notify.channels")


class WebhookChannel:
    """Posts to the address of kind `webhook` of a contact; the receiver deduplicates by `webhook-id`."""

    name = "webhook"
    address_kind = "webhook"
    # Standard Webhooks asks for bodies below 20 kB.
    form = Form(html=False, longest=5_000, replies=False)

    def __init__(
        self,
        secrets: Secrets,
        guard: Guard,
        seconds: float,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        circuit: Circuit | None = None,
    ) -> None:
        self._secrets = secrets
        self._guard = guard
        self._posting = Posting(seconds=seconds, guard=guard)
        self.final_seconds = seconds + 1
        self._now = now
        self._circuit = circuit or Circuit()

    def normalise(self, address: str) -> str | None:
        """The address, if it is one that a webhook may be at."""
        address = address.strip()
        try:
            self._guard.check(address)
        except NotPublicError:
            return None
        return address

    async def send(self, message: Message, begin: Begin) -> Outcome:
        """One attempt, or none while the circuit of the address is open."""
        wait = self._circuit.open_for(message.address)
        if wait > 0:
            return self._later(message, Outcome(Fate.LATER, "circuit", error="CircuitOpen", wait=wait))
        content = body_of(message)
        found = await attempt(self._posting, message.address, content, self._signed(message, content), begin, judged)
        if found.fate is Fate.UNKNOWN:
            # It has our id: a second copy is known as one.
            found = Outcome(Fate.LATER, found.step, error=found.error)
        self._circuit.note(message.address, failed=found.fate is Fate.LATER)
        return self._later(message, found) if found.fate is Fate.LATER else found

    async def check(self) -> None:
        """Raises ValueError while the key's file cannot be read; what was in it before is used."""
        file = self._secrets.file
        if not file.look() and file.problem:
            raise ValueError(file.problem)

    def _signed(self, message: Message, content: bytes) -> dict[str, str]:
        now = int(self._now().timestamp())
        found = [sign(secret, message.delivery_id, now, content) for secret in self._secrets.of(message.address)]
        return {
            "content-type": "application/json",
            "webhook-id": message.delivery_id,
            "webhook-timestamp": str(now),
            "webhook-signature": " ".join(found),
        }

    def _later(self, message: Message, found: Outcome) -> Outcome:
        if message.attempt > len(PAUSES):
            # An earlier attempt may have been taken without an answer that reached us.
            return Outcome(Fate.UNKNOWN, found.step, found.code, found.error)
        pause = PAUSES[message.attempt - 1] * (1 + JITTER * random.random())  # noqa: S311 - spreads load
        return Outcome(Fate.LATER, found.step, found.code, found.error, wait=max(pause, found.wait))


def judged(reply: Reply) -> Outcome:
    """2xx is taken, 410 ends it, anything else is tried again; 3xx is not followed."""
    code = str(reply.status)
    if 200 <= reply.status < 300:
        return Outcome(Fate.SENT, "post", code)
    if reply.status == 410:
        return Outcome(Fate.REFUSED_RECIPIENT, "post", code)
    return Outcome(Fate.LATER, "post", code, wait=reply.wait)


def body_of(message: Message) -> bytes:
    """The body: `type`, `timestamp` and `data`, the same in every attempt."""
    data = {
        "notice_id": message.notice_id,
        "thread": message.thread,
        "reply_to": message.reply_to or None,
        "subject": message.subject,
        "text": message.text,
    }
    return msgspec.json.encode({"type": TYPE, "timestamp": message.at, "data": data})
