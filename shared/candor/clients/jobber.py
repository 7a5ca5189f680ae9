"""Jobber: jobs and their visits by the time at which the job changed, and the one that a thin webhook names.

Shapes: GraphQL; visits cannot be asked for by their time of change, jobs can. A query costs points, which come back by
and by: `extensions.cost` says what is left, and the error THROTTLED that it is too little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from candor.clients.calling import LONGEST_WAIT, Answer, AwayError, Calling, DeniedError, RefusedError
from candor.clients.credentials import Credentials
from candor.clients.pages import Asked, Page, found, latest, part, proven

VERSION: Final = "2025-04-16"
ASSUMED_WAIT: Final = 60.0
JOBS: Final = """
query Changed($since: ISO8601DateTime!, $after: String) {
  jobs(first: 20, after: $after, filter: {updatedAt: {after: $since}}) {
    nodes { id jobNumber jobStatus createdAt updatedAt completedAt
      visits(first: 10) { nodes { id title createdAt startAt endAt completedAt visitStatus } } }
    pageInfo { hasNextPage endCursor } } }"""
ONE: Final = {
    "VISIT": "query Visit($id: EncodedId!) { one: visit(id: $id) {"
    " id title createdAt startAt endAt completedAt visitStatus } }",
    "JOB": "query Job($id: EncodedId!) { one: job(id: $id) {"
    " id jobNumber jobStatus createdAt updatedAt completedAt } }",
}
WHEN: Final = {
    "VISIT_CREATE": "createdAt",
    "VISIT_COMPLETE": "completedAt",
    "JOB_CREATE": "createdAt",
    "JOB_CLOSED": "completedAt",
}
"""Which time of its object a topic is about: a webhook and a poll then tell of the same moment."""


class Jobber:
    """Reads an account's jobs and visits; `version` is that of its GraphQL schema."""

    def __init__(self, calling: Calling, credentials: Credentials, version: str = VERSION) -> None:
        self._calling = calling
        self._credentials = credentials
        self._version = version

    async def page(self, asked: Asked) -> Page:
        """At most 20 jobs with 10 visits each; what was begun and completed, each in a body of its own."""
        answer = await self._ask(JOBS, {"since": asked.since.isoformat(), "after": asked.page or None})
        jobs = found(answer, "data", "jobs", "nodes")
        bodies = [_body(topic, one) for job in jobs for topic, one in _told(job)]
        following = part(answer.body, "data", "jobs", "pageInfo", "endCursor")
        more = part(answer.body, "data", "jobs", "pageInfo", "hasNextPage") is True and isinstance(following, str)
        return Page(bodies, latest(answer, [job.get("updatedAt") for job in jobs]), following if more else None)

    async def complete(self, raw: bytes) -> bytes:
        """The body with the visit or job in `data.webHookEvent.object`; as it is for other topics, or if it is gone."""
        try:
            body = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return raw
        event = part(body, "data", "webHookEvent") if isinstance(body, dict) else None
        if not isinstance(event, dict):
            return raw
        topic, name = event.get("topic"), event.get("itemId")
        if not isinstance(topic, str) or topic not in WHEN or not isinstance(name, str):
            return raw
        answer = await self._ask(ONE[topic.partition("_")[0]], {"id": name})
        one = part(answer.body, "data", "one")
        if not isinstance(one, dict):
            return raw
        event["object"] = _dated(topic, one)
        return msgspec.json.encode(body)

    async def _ask(self, query: str, variables: Mapping[str, Any]) -> Answer:
        async def send(token: str) -> Answer:
            headers = {"authorization": f"Bearer {token}", "x-jobber-graphql-version": self._version}
            answer = await self._calling.post("/api/graphql", {"query": query, "variables": variables}, headers)
            _check(answer.body)
            return answer

        return await proven(self._credentials, send)


def _told(job: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    visits = part(job, "visits", "nodes")
    for kind, one in [("JOB", job), *(("VISIT", visit) for visit in (visits if isinstance(visits, list) else []))]:
        if not isinstance(one, dict):
            continue
        plain = {name: value for name, value in one.items() if name != "visits"}
        for topic, when in WHEN.items():
            if topic.startswith(kind) and one.get(when):
                yield topic, plain


def _body(topic: str, one: Mapping[str, Any]) -> bytes:
    event = {"topic": topic, "itemId": one.get("id"), "occurredAt": one[WHEN[topic]], "object": _dated(topic, one)}
    return msgspec.json.encode({"data": {"webHookEvent": event}})


def _dated(topic: str, one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "happenedAt": one.get(WHEN[topic])}


def _check(body: Mapping[str, Any]) -> None:
    """Raise what the errors of an answer say: GraphQL answers 200 all the same."""
    errors = body.get("errors")
    if not errors:
        return
    first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {}
    code = part(first, "extensions", "code")
    if code == "THROTTLED":
        raise AwayError("too many points of queries are used up", _points(body))
    if code in ("UNAUTHENTICATED", "FORBIDDEN"):
        raise DeniedError(f"it does not accept our token, or what that may read ({code})")
    raise RefusedError("the query is refused: this version of the interface may not know it")


def _points(body: Mapping[str, Any]) -> float:
    """Seconds until the points that the query costs are there again."""
    cost = part(body, "extensions", "cost")
    needed, left, rate = (
        part(cost if isinstance(cost, dict) else {}, *path)
        for path in (
            ("requestedQueryCost",),
            ("throttleStatus", "currentlyAvailable"),
            ("throttleStatus", "restoreRate"),
        )
    )
    if not all(isinstance(one, int | float) for one in (needed, left, rate)) or rate <= 0:
        return ASSUMED_WAIT
    seconds: float = (needed - left) / rate
    return min(max(seconds, 1.0), LONGEST_WAIT)
