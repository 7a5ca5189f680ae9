"""Promises of some customers at an even pace, each timed from when it was due; prints JSON.

python -m bench.customer_load PORT RATE SECONDS KEY SERIAL FIRST_CUSTOMER CUSTOMERS

An answer 503 or 429 is counted and not timed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import uvloop

from bench.keep_alive import request_of
from bench.paced_load import Load

CONNECTIONS = 32


def promises(
    port: int, key: str, serial: str, first: int, customers: int, steps: Sequence[str] = ("delivered", "installed")
) -> Callable[[int], bytes]:
    """What makes the request for the promise of a number: customers take turns, and are told of `steps`."""

    def request(number: int) -> bytes:
        body = {
            "promise_id": f"{serial}-{number}",
            "customer_id": f"cust-{first + number % customers}",
            "kind": "install",
            "what": "Espresso machine installed, water line and training included",
            "due": (datetime.now(UTC) + timedelta(days=5)).isoformat(),
            "milestones": [{"name": step, "told": True} for step in steps],
            "depends_on": [{"kind": "site", "id": "LEJ"}],
        }
        return request_of(port, "POST", "/v1/promises", key, json.dumps(body, separators=(",", ":")).encode())

    return request


if __name__ == "__main__":
    port, rate, seconds, key, serial, first, customers = sys.argv[1:]
    request = promises(int(port), key, serial, int(first), int(customers))
    load = Load(int(port), request, status=201, refusals=(503, 429), connections=CONNECTIONS)
    print(json.dumps(uvloop.run(load.run(float(rate), float(seconds)))))
