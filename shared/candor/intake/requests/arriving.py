"""Requests as they arrive: what identifies them, and how they and their refusals are saved together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeVar

from candor.intake import rejected
from candor.intake.once import Acceptance, Submission
from candor.intake.rejected import Rejection
from candor.intake.requests import writing
from candor.intake.requests.content import Content, Vault, content_of
from candor.intake.requests.table import REFUSED
from candor.intake.requests.writing import Request
from candor.intake.source import Source, derived_id
from candor.store import erasing
from candor.store.unit_of_work import UnitOfWork
from candor.web.security.webhooks import Webhook

S = TypeVar("S", bound=Submission[Any, Any])
Apply = Callable[[UnitOfWork, Sequence[S]], Awaitable[Sequence[Acceptance | Exception]]]
ERASED: Final = "erased"
"""The code of what an erased customer's statements of before are refused for: of them no content is kept either."""


class Arrivals:
    """Makes stored requests of genuine webhooks; `vault` seals them, `now` is system time."""

    def __init__(self, vault: Vault, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.vault = vault
        self._now = now

    def request(self, webhook: Webhook, source: Source) -> Request:
        """The request of a webhook: the same bytes of one sender under one id are one request."""
        content = content_of(webhook, source)
        return self.of_content(webhook.source, webhook.read_as, content)

    def of_content(self, sender: str, read_as: str, content: Content) -> Request:
        """The request that has this content."""
        name = derived_id(sender, content.webhook_id, content.body)
        return Request(
            request_id=name,
            source=sender,
            read_as=read_as,
            sealed=self.vault.seal(content),
            size=len(content.body),
            received_at=self._now(),
        )


class Keeping(NamedTuple):
    """What is to be saved of a request that brought no event, or of which something was refused."""

    request: Request
    refused: tuple[Rejection, ...] = ()

    @property
    def erased(self) -> bool:
        """Whether it is about an erased customer."""
        return any(one.reason == ERASED for one in self.refused)


async def keep(uow: UnitOfWork, keepings: Sequence[Keeping]) -> list[Exception | None]:
    """Save requests and why they were refused; returns one result for each, for a group commit."""
    await erasing.writing(uow)
    kept: list[Request] = []
    gone: list[Request] = []
    refusals: list[Rejection] = []
    for one in keepings:
        if one.refused:
            one.request.state = REFUSED
            one.request.reason = f"{one.refused[0].reason}: {one.refused[0].detail}"
        (gone if one.erased else kept).append(one.request)
        name = "" if one.erased else one.request.request_id
        refusals += [refusal._replace(request=name) for refusal in one.refused]
    if refusals:
        await rejected.keep(uow, refusals)
    await writing.write(uow, kept)
    if gone:
        await writing.forget(uow, [one.request_id for one in gone])
    return [None] * len(keepings)


def keeping(apply: Apply[S]) -> Apply[S]:
    """`apply`, which then saves in the same transaction the requests whose last command was taken."""

    async def applied(uow: UnitOfWork, submissions: Sequence[S]) -> Sequence[Acceptance | Exception]:
        results = await apply(uow, submissions)
        await writing.write(
            uow,
            [
                submission.request
                for submission, result in zip(submissions, results, strict=True)
                if submission.request is not None and submission.last and isinstance(result, Acceptance)
            ],
        )
        return results

    return applied


def joined(entries: Sequence[object], request: Request) -> int:
    """Name in a request whom its commands concern; returns the place of the last command, -1 without any."""
    last = -1
    for place, entry in enumerate(entries):
        if isinstance(entry, Submission):
            request.concerns(entry.command)
            last = place
    return last
