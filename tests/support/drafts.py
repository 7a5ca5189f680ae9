"""The whole body of a promise, with every field that promise-svc takes: the golden example, as it was asked for."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from candor.contracts.golden import examples
from promise_svc.api.requests import PromiseIn

FULL = "candor.promise.made.v1.full"


def whole(due: datetime) -> dict[str, Any]:
    """The body that becomes the full golden example of a promise, due at another time."""
    [record] = [example.record for example in examples() if example.name == FULL]
    value = json.loads(record.value)
    return {name: value[name] for name in PromiseIn.model_fields if name in value} | {"due": due.isoformat()}
