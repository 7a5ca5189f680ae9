"""Whether an import will teach: risk-svc learns anew what comes out of its turn, as far back as it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import httpx

from candor.replay.stream import StreamEvent, utc_text

SECONDS: Final = 10.0


class Learning(NamedTuple):
    """Learning state of risk-svc: what came due `since` then teaches (None: all); `too_late` promises so far."""

    since: datetime | None
    too_late: int


class Teaching:
    """Asks risk-svc before each batch and counts promises that are too late; `warn` is called once.

    `why_not` says why risk-svc could not be asked, and is empty while it answers.
    """

    def __init__(
        self, client: httpx.AsyncClient, url: str, key: str, warn: Callable[[str], None] = lambda _words: None
    ) -> None:
        self.why_not = "" if url else "no address of risk-svc was given (--risk-url)"
        self.since: datetime | None = None
        self._client = client
        self._url = url
        self._headers = {"authorization": f"Bearer {key}"}
        self._warn = warn
        self._warned = False

    async def ask(self) -> Learning | None:
        """The current answer of risk-svc; None if it cannot be asked, after which it is not asked again."""
        if self.why_not:
            return None
        try:
            answer = await self._client.get(f"{self._url}/v1/learning", headers=self._headers, timeout=SECONDS)
            answer.raise_for_status()
            found = answer.json()
            said = found["teaches_from"]
            self.since = None if said is None else datetime.fromisoformat(said)
            return Learning(self.since, int(found["came_too_late"]))
        except httpx.HTTPStatusError as error:
            self.why_not = f"risk-svc answers {error.response.status_code} at {self._url}"
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            self.why_not = f"risk-svc does not answer at {self._url} ({type(error).__name__})"
        return None

    async def too_late(self, events: Iterable[StreamEvent]) -> int:
        """How many promises of the next batch are too late to teach."""
        found = await self.ask()
        if found is None or found.since is None:
            return 0
        count = sum(came_due(event) <= found.since for event in events if event.type == "promise.made")
        if count and not self._warned:
            self._warned = True
            self._warn(f"Promises of this file that are not known yet come too late to teach. {reason(found.since)}")
        return count


def reason(since: datetime) -> str:
    """Why a promise is too late to teach."""
    return (
        f"What came due before {utc_text(since)} can no longer be learnt: so much has come since that what was learnt"
        " from is kept from then on only. Such a promise is stored but teaches nothing. To learn from more, raise"
        " KEPT_ENTRIES, stop the risk workers and the learner and run `candor risk rebuild`."
    )


def came_due(event: StreamEvent) -> datetime:
    """When a promise comes due; the event's own time if it has no readable due date."""
    try:
        due = datetime.fromisoformat(str(event.data["due"])) + timedelta(seconds=event.data.get("tolerance_s", 0))
    except (KeyError, ValueError, TypeError, OverflowError):
        return event.time
    return due if due.tzinfo is not None else event.time


class PromisesInFile:
    """The promises a file makes; reports about others teach only if those promises are already known."""

    def __init__(self) -> None:
        self.promises = 0
        self.elsewhere = 0
        self._names: set[tuple[str, str]] = set()

    def see(self, event: StreamEvent) -> None:
        """Record one event, in file order."""
        if event.type == "promise.made":
            self.promises += 1
            self._names.add(("", str(event.data.get("promise_id", event.id))))
            references = event.data.get("references")
            if isinstance(references, list):
                self._names |= {_reference(item) for item in references if isinstance(item, Mapping)}
        elif event.type == "milestone.reported":
            name = event.data.get("reference")
            about = _reference(name) if isinstance(name, Mapping) else ("", str(event.data.get("promise_id", "")))
            self.elsewhere += about not in self._names


def _reference(item: Mapping[str, Any]) -> tuple[str, str]:
    return f"of {item.get('system')}", str(item.get("id"))
