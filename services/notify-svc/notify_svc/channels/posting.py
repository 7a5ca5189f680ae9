"""One attempt over HTTP, for channels that are a POST: what its end proves of the message."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from candor.clients.posting import NotSentError, Posting, Reply, UnclearError
from candor.clients.public_address import NotPublicError
from notify_svc.channels import Begin, Fate, Outcome

Judge = Callable[[Reply], Outcome]
"""What the provider's answer, of any status, says of the message."""


async def attempt(
    posting: Posting, url: str, content: bytes, headers: Mapping[str, str], begin: Begin, judge: Judge
) -> Outcome:
    """Begin, then one POST; a connection that never came about leaves the message provably unsent."""
    if not await begin():
        return Outcome(Fate.ABORTED, "final")
    try:
        reply = await posting.post(url, content, headers)
    except NotPublicError:
        return Outcome(Fate.REFUSED_RECIPIENT, "connect", error="NotPublicError")
    except NotSentError as error:
        return Outcome(Fate.LATER, "connect", error=str(error))
    except UnclearError as error:
        return Outcome(Fate.UNKNOWN, "post", error=str(error))
    return judge(reply)


def usual(reply: Reply, *, gone: frozenset[int]) -> Outcome:
    """The outcome where the provider deduplicates nothing: `gone` are the statuses of an address that is no more.

    A 5xx may come after the message was taken (RFC 9110 15.6), so nobody knows.
    """
    status, code = reply.status, str(reply.status)
    if 200 <= status < 300:
        return Outcome(Fate.SENT, "post", code)
    if status == 429:
        return Outcome(Fate.LATER, "post", code, wait=reply.wait)
    if status in gone:
        return Outcome(Fate.REFUSED_RECIPIENT, "post", code)
    return Outcome(Fate.UNKNOWN if status >= 500 or status < 200 else Fate.REFUSED, "post", code)
