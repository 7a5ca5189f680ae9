"""An example of each request body, as /docs shows it; a test sends every one to a running service."""

from __future__ import annotations

from typing import Any, Final

_MADE: Final[dict[str, Any]] = {
    "promise_id": "PR-1001",
    "customer_id": "acme",
    "kind": "install",
    "what": "Espresso machine installed",
    "made_at": "2026-02-20T09:00:00Z",
    "due": "2031-05-01T16:00:00Z",
    "zone": "Europe/Berlin",
    "labels": {"region": "north", "floors": 3},
    "milestones": [{"name": "delivered", "planned": "2031-04-30T16:00:00Z", "told": True}, {"name": "installed"}],
    "depends_on": [{"kind": "site", "id": "berlin-2"}],
    "references": [{"system": "erp", "id": "SO-1001"}],
}
_REPORT: Final[dict[str, Any]] = {
    "promise_id": "PR-1001",
    "milestone": "delivered",
    "status": "missed",
    "at": "2026-03-01T16:00:00Z",
    "reason": "van 7 broke down near Kassel",
    "public_reason": "the van broke down",
}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "PromiseIn": _MADE,
    "RevisionIn": {
        "due": "2031-05-03T16:00:00Z",
        "asked_by": "company",
        "agreed": True,
        "reason": "supplier is late",
        "public_reason": "a part arrives later than planned",
    },
    "HandoffIn": {
        "handoff_id": "MA-1",
        "promise_id": "PR-1001",
        "deliverer": "crew-7",
        "department": "sales",
        "due": "2031-05-01T12:00:00Z",
        "scope": ["espresso machine"],
        "expires_at": "2031-04-20T12:00:00Z",
    },
    "SaidIn": {"person": "kim", "words": "we can do that"},
    "ReasonIn": {"reason": "both crews are booked"},
    "CounterIn": {"due": "2031-05-03T12:00:00Z", "reason": "both crews are booked until then"},
    "CapabilityIn": {
        "statuses": [{"status": "available", "since_version": "4.2", "region": "eu"}, {"status": "planned"}],
        "wording": "Remote telemetry is available in the EU, and planned elsewhere.",
    },
    "ClaimIn": {
        "claim_id": "MA-1",
        "capability_id": "telemetry",
        "said": "available",
        "channel": "webinar",
        "department": "sales",
        "recipients": 40,
        "region": "us",
    },
    "CorrectionIn": {"reached": 12, "words": "called twelve of them"},
    "StatementIn": {
        "statement_id": "MA-1",
        "said_by": "product",
        "said_to": "sales",
        "promise_id": "PR-1001",
        "due": "2031-05-01T12:00:00Z",
        "certainty": 2,
        "conditions": ["the site has power"],
        "words": "by May if the site has power",
    },
    "ChallengeIn": {"challenge_id": "MA-1", "about": "promise", "about_id": "PR-1001", "reason": "no crew is free"},
    "SettlementIn": {"outcome": "upheld", "reason": "the date was given without asking"},
    "OfferIn": {
        "offer_id": "MA-1",
        "promise_id": "PR-1001",
        "options": [
            {"name": "credit", "kind": "goodwill", "value": 150, "currency": "EUR"},
            {"name": "a week later", "kind": "revised_terms", "due": "2031-05-08T12:00:00Z"},
        ],
    },
    "TakenIn": {"taken": "credit"},
    "AccountIn": {"renews_on": "2031-12-31", "exposure": 125000, "currency": "EUR"},
    "SheetIn": {
        "sheet_id": "MA-1",
        "side": "customers",
        "customer_id": "acme",
        "people": 3,
        "well": 4,
        "well_words": "the crew calls before it comes",
        "improve": 2,
        "improve_words": "dates move and nobody says so",
        "others": 3,
        "beside": "better",
        "onward": 4,
    },
    "PlanIn": {
        "plan_id": "MA-1",
        "promise_id": "PR-1001",
        "driver": "lateness",
        "action": "add-crew",
        "department": "operations",
        "owner": "kim",
        "due": "2031-04-20T12:00:00Z",
        "words": "a second crew from the south depot",
    },
    "PlanChangeIn": {"due": "2031-04-24T12:00:00Z", "words": "the second crew is free from then on"},
    "LinkIn": {"side": "customers", "customer_id": "acme"},
    "EndIn": {"person": "ada"},
    "MassIn": {"decision": "release"},
    "WithdrawalIn": {"reason": "the order was cancelled"},
    "VerdictIn": {"verdict": "kept", "completed_at": "2026-03-01T15:10:00Z"},
    "ContactIn": {"email": "anna@customer.example", "name": "Anna", "language": "de", "zone": "Europe/Berlin"},
    "WebhookBody": {"type": "promise.made", "timestamp": "2026-03-01T09:00:00Z", "data": _MADE},
    "ImportIn": {
        "source": "erp-2026",
        "events": [
            {
                "id": "SO-1.made",
                "type": "promise.made",
                "time": "2026-03-01T09:00:00Z",
                "data": {
                    "promise_id": "SO-1",
                    "customer_id": "acme",
                    "kind": "install",
                    "what": "Grinder installed",
                    "due": "2026-03-10T16:00:00Z",
                },
            }
        ],
    },
    "Candor delivery-svc WebhookBody": {
        "type": "milestone.reported",
        "timestamp": "2026-03-01T16:05:00Z",
        "data": _REPORT,
    },
    "Candor delivery-svc ImportIn": {
        "source": "erp-2026",
        "events": [
            {
                "id": "SO-1.delivered",
                "type": "milestone.reported",
                "time": "2026-03-01T16:05:00Z",
                "data": {
                    "promise_id": "SO-1",
                    "milestone": "delivered",
                    "status": "reached",
                    "at": "2026-03-01T16:00:00Z",
                    "final": True,
                },
            }
        ],
    },
    "MilestoneIn": _REPORT,
    "IncidentIn": {
        "incident_id": "INC-7",
        "status": "opened",
        "severity": 0.5,
        "category": "outage",
        "title": "Feeder 12 is down",
        "public_title": "A power cut at the site",
        "affects": [{"kind": "site", "id": "berlin-2"}],
        "opened_at": "2026-03-01T08:00:00Z",
    },
    "CloudEventIn": {
        "specversion": "1.0",
        "id": "ev-1",
        "source": "/field/berlin",
        "type": "milestone.reported",
        "time": "2026-03-01T16:05:00Z",
        "data": _REPORT,
    },
    "MatchIn": {"promise_id": "PR-1001"},
    "ResolveIn": {"outcome": "sent"},
    "SwitchIn": {"enabled": True},
    "CheckIn": {"kind": "install", "due": "2031-05-01T16:00:00Z", "labels": {"region": "north"}},
}
