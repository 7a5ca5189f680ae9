"""What the interfaces of other systems answer, by their documentation, for `StandIn`: invented objects, real shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

CHANGED = "hs_lastmodifieddate"


def stamp(at: datetime) -> str:
    """A time as these systems write it, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class HubSpotDeals:
    """CRM search and batch read of deals by id; `cap` is how many results one search has."""

    def __init__(self, cap: int = 10_000) -> None:
        self.deals: dict[str, dict[str, Any]] = {}
        self.cap = cap

    def put(self, number: int, at: datetime, **properties: Any) -> None:
        """Make or change a deal."""
        known = self.deals.get(str(number), {}).get("properties", {})
        said = {**known, "dealname": f"Deal {number}", **properties, CHANGED: stamp(at)}
        times = {"createdAt": stamp(at), "updatedAt": stamp(at)}
        self.deals[str(number)] = {"id": str(number), "properties": said, **times, "archived": False}

    def answer(self, request: Request, body: Any) -> Response:
        """Answer search and batch read."""
        if request.url.path.endswith("/batch/read"):
            return self._batch(body)
        assert request.url.path == "/crm/v3/objects/0-3/search"
        [only] = body["filterGroups"][0]["filters"]
        assert (only["propertyName"], only["operator"]) == (CHANGED, "GTE")
        assert body["sorts"] == [{"propertyName": CHANGED, "direction": "ASCENDING"}]
        since = datetime.fromtimestamp(int(only["value"]) / 1000, UTC)
        all_of = [one for one in self.deals.values() if datetime.fromisoformat(one["properties"][CHANGED]) >= since]
        all_of.sort(key=lambda one: (one["properties"][CHANGED], one["id"]))
        start, limit = int(body.get("after", 0)), body["limit"]
        if start + limit > self.cap:
            return JSONResponse({"status": "error", "message": "paging is capped"}, 400)
        end = start + limit
        paging = {"paging": {"next": {"after": str(end)}}} if end < len(all_of) else {}
        return JSONResponse({"total": len(all_of), "results": all_of[start:end], **paging})

    def _batch(self, body: Any) -> Response:
        ids = [one["id"] for one in body["inputs"]]
        assert len(ids) <= 100
        assert len(set(ids)) == len(ids)
        found = [self.deals[one] for one in ids if one in self.deals]
        gone = [one for one in ids if one not in self.deals]
        errors = {"numErrors": 1, "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": gone}}]}
        return JSONResponse({"status": "COMPLETE", "results": found, **(errors if gone else {})}, 207 if gone else 200)


class AfterShipShipments:
    """The list of shipments, newest change first, `size` a page."""

    def __init__(self, size: int = 100) -> None:
        self.shipments: dict[str, dict[str, Any]] = {}
        self.size = size

    def put(self, like: Mapping[str, Any], name: str, at: datetime, **more: Any) -> dict[str, Any]:
        """Make or change a shipment, as the webhook's `msg` would have it."""
        self.shipments[name] = {**like, "id": name, "updated_at": at.isoformat(), **more}
        return self.shipments[name]

    def answer(self, request: Request, _body: Any) -> Response:
        """Answer the list."""
        assert request.url.path == "/tracking/2026-01/trackings"
        since = datetime.fromisoformat(request.query_params["updated_at_min"])
        all_of = [one for one in self.shipments.values() if datetime.fromisoformat(one["updated_at"]) >= since]
        all_of.sort(key=lambda one: one["updated_at"], reverse=True)
        start = int(request.query_params.get("cursor", "0"))
        more = start + self.size < len(all_of)
        pagination = {
            "total": len(all_of),
            "next_cursor": str(start + self.size) if more else None,
            "has_next_page": more,
        }
        page = all_of[start : start + self.size]
        return JSONResponse({"meta": {"code": 200}, "data": {"pagination": pagination, "trackings": page}})


class SalesforceRecords:
    """SOQL, as far as a poll asks it: by time of change and id."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.most = 200

    def put(self, name: str, at: datetime, **fields: Any) -> None:
        """Add a record."""
        written = stamp(at).replace("Z", "+0000")
        attributes = {"type": "Opportunity", "url": f"/services/data/v62.0/sobjects/Opportunity/{name}"}
        self.records.append({"attributes": attributes, "Id": name, "SystemModstamp": written, **fields})

    def answer(self, request: Request, _body: Any) -> Response:
        """Answer a query."""
        query = request.query_params["q"]
        asked = re.fullmatch(
            r"SELECT Id, SystemModstamp, StageName FROM Opportunity WHERE"
            r" (?:SystemModstamp >= (\S+)|\(SystemModstamp > (\S+) OR \(SystemModstamp = (\S+) AND Id > '(\w+)'\)\))"
            r" ORDER BY SystemModstamp, Id LIMIT (\d+)",
            query,
        )
        if asked is None:
            return JSONResponse([{"errorCode": "MALFORMED_QUERY", "message": query}], 400)
        start, name = datetime.fromisoformat(asked[1] or asked[2]), asked[4] or ""
        keyed = sorted(self.records, key=lambda one: (one["SystemModstamp"], one["Id"]))
        found = [one for one in keyed if (datetime.fromisoformat(one["SystemModstamp"]), one["Id"]) > (start, name)]
        page = found[: int(asked[5])]
        return JSONResponse({"totalSize": len(page), "done": True, "records": page})


class PipedriveDeals:
    """Deals by their time of change, `size` a page."""

    def __init__(self, size: int = 100) -> None:
        self.deals: list[dict[str, Any]] = []
        self.size = size

    def put(self, number: int, at: datetime, **fields: Any) -> None:
        """Add a deal."""
        self.deals.append({"id": number, "update_time": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "status": "open", **fields})

    def answer(self, request: Request, _body: Any) -> Response:
        """Answer the list."""
        said = request.query_params
        assert (request.url.path, said["sort_by"], said["sort_direction"]) == ("/api/v2/deals", "update_time", "asc")
        since = datetime.fromisoformat(said["updated_since"])
        found = [one for one in self.deals if datetime.fromisoformat(one["update_time"]) >= since]
        found.sort(key=lambda one: (one["update_time"], one["id"]))
        start = int(said.get("cursor", "0"))
        end = start + self.size
        following = str(end) if end < len(found) else None
        return JSONResponse({"success": True, "data": found[start:end], "additional_data": {"next_cursor": following}})


class ServiceTitanJobs:
    """A tenant's jobs by their time of change, `size` a page, for the app that is called `key`."""

    def __init__(self, key: str, size: int = 50) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.key = key
        self.size = size

    def put(self, number: int, at: datetime, **fields: Any) -> None:
        """Add a job."""
        known = {"id": number, "jobNumber": str(number), "jobStatus": "InProgress", "externalData": []}
        self.jobs.append({**known, "modifiedOn": stamp(at), **fields})

    def answer(self, request: Request, _body: Any) -> Response:
        """Answer the list."""
        if request.headers.get("st-app-key") != self.key:
            return JSONResponse({"title": "no such app"}, 403)
        said = request.query_params
        assert (request.url.path, said["sort"]) == ("/jpm/v2/tenant/1188/jobs", "+ModifiedOn")
        since = datetime.fromisoformat(said["modifiedOnOrAfter"])
        found = [one for one in self.jobs if datetime.fromisoformat(one["modifiedOn"]) >= since]
        found.sort(key=lambda one: (one["modifiedOn"], one["id"]))
        page = int(said["page"])
        some = found[(page - 1) * self.size : page * self.size]
        more = page * self.size < len(found)
        return JSONResponse({"page": page, "pageSize": self.size, "hasMore": more, "totalCount": None, "data": some})


class JobberAccount:
    """Jobs and visits by GraphQL, for `points` of queries, each of which costs `cost`."""

    def __init__(self, size: int = 20, points: int = 10_000, cost: int = 50) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.size = size
        self.points = points
        self.cost = cost

    def put(self, name: str, at: datetime, *visits: dict[str, Any], **fields: Any) -> None:
        """Add a job with visits."""
        times = {"createdAt": stamp(at - timedelta(days=3)), "updatedAt": stamp(at), "completedAt": None}
        job = {"id": name, "jobNumber": len(self.jobs), "jobStatus": "active", **times, **fields}
        self.jobs.append({**job, "visits": {"nodes": list(visits)}})

    def answer(self, _request: Request, body: Any) -> Response:
        """Answer a query."""
        throttle = {"maximumAvailable": 10_000, "currentlyAvailable": self.points, "restoreRate": 500}
        extensions = {"cost": {"requestedQueryCost": self.cost, "throttleStatus": throttle}}
        if self.cost > self.points:
            errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
            return JSONResponse({"errors": errors, "extensions": extensions})
        self.points -= self.cost
        data = self._one(body) if "one:" in body["query"] else self._listed(body["variables"])
        return JSONResponse({"data": data, "extensions": extensions})

    def _listed(self, said: Mapping[str, Any]) -> dict[str, Any]:
        since = datetime.fromisoformat(said["since"])
        found = [one for one in self.jobs if datetime.fromisoformat(one["updatedAt"]) > since]
        start = int(said["after"] or 0)
        end = start + self.size
        info = {"hasNextPage": end < len(found), "endCursor": str(end)}
        return {"jobs": {"nodes": found[start:end], "pageInfo": info}}

    def _one(self, body: Mapping[str, Any]) -> dict[str, Any]:
        visits = [visit for job in self.jobs for visit in job["visits"]["nodes"]]
        several = visits if "visit(" in body["query"] else self.jobs
        return {"one": next((one for one in several if one["id"] == body["variables"]["id"]), None)}
