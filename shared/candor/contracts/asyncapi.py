"""The event reference, AsyncAPI 3.0, generated from the topic cards and event classes.

python -m candor.contracts.asyncapi > docs/reference/asyncapi.json
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from candor import __version__
from candor.contracts.topics import CARDS, EVENTS, TopicCard

DAY_MS = 86_400_000
HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_version"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "description": "unique per ce_source"},
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_type": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time", "description": "business time, UTC"},
        "ce_subject": {"type": "string", "description": "id of the aggregate that ce_version counts"},
        "ce_partitionkey": {"type": "string"},
        "ce_version": {"type": "string", "pattern": "^[1-9][0-9]*$"},
        "ce_historical": {"const": "true", "description": "teaches, and never warns anybody"},
        "traceparent": {"type": "string"},
    },
}


def document() -> dict[str, Any]:
    """Return the whole reference; every `$ref` resolves inside it."""
    _, schemas = msgspec.json.schema_components(EVENTS.values(), ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Candor events", "version": __version__, "description": "CloudEvents 1.0, binary mode."},
        "channels": {card.name: _channel(card) for card in CARDS},
        "operations": {name: body for card in CARDS for name, body in _operations(card).items()},
        "components": {
            "schemas": schemas,
            "messages": {event.TYPE: _message(event.__name__, event.TYPE) for event in EVENTS.values()},
        },
    }


def _channel(card: TopicCard) -> dict[str, Any]:
    readers = ", ".join(card.consumers) or "nobody yet"
    return {
        "address": f"{{prefix}}-{card.name}",
        "description": f"Owned by {card.owner}; key: {card.key}; read by {readers}.",
        "messages": {event.TYPE: {"$ref": f"#/components/messages/{event.TYPE}"} for event in card.events},
        "parameters": {"prefix": {"description": "the deployment's topic prefix"}},
        "bindings": {
            "kafka": {
                "bindingVersion": "0.5.0",
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": card.retention_days * DAY_MS},
            }
        },
    }


def _operations(card: TopicCard) -> dict[str, Any]:
    channel = {"$ref": f"#/channels/{card.name}"}
    operations = {f"{card.owner}-sends-{card.name}": {"action": "send", "channel": channel}}
    for consumer in card.consumers:
        operations[f"{consumer}-reads-{card.name}"] = {"action": "receive", "channel": channel}
    return operations


def _message(name: str, kind: str) -> dict[str, Any]:
    return {
        "name": kind,
        "contentType": "application/json",
        "headers": HEADERS,
        "payload": {"$ref": f"#/components/schemas/{name}"},
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2, ensure_ascii=False) + "\n")
