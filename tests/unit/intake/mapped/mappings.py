"""Files of mapped sources for tests, and what reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from candor.intake.mapped import MappedSource, read_sources
from candor.intake.mapped.config import SourceRule
from candor.intake.mapped.reading import NO_PRESETS
from candor.intake.source import Items
from candor.web.security.webhooks import Webhook
from delivery_svc.offered import OFFERED
from tests.support.clocks import NOON

TEXT: Final = """\
sources:
  vans:
    service: delivery-svc
    proof:
      hmac: {header: x-van, prefix: "v=", signed: "{timestamp}.{body}", timestamp_header: x-time}
      bearer: {}
    each: body.stops
    ignore: item.what == 'lunch'
    events:
      - type: milestone.reported
        when: item.what == 'there'
        id: join(':', [body.van, to_string(item.no)])
        time: {from: item.unix, time: seconds}
        data:
          promise_id: item.job
          milestone: {value: delivery}
          status: {from: item.how, map: {done: reached, failed: missed}}
          final: {value: true}
          at: {from: item.unix, time: seconds}
      - type: milestone.reported
        when: item.what == 'left' || item.what == 'there' && item.eta
        data:
          promise_id: item.job
          milestone: {value: drive}
          status: {value: started}
          at: {from: item.unix, time: seconds}
    answer: {status: 200, text: OK}
"""
UNIX: Final = int(NOON.timestamp())


def rules(text: str, presets: Mapping[str, SourceRule] = NO_PRESETS) -> dict[str, SourceRule]:
    """The rules of delivery-svc in a file. Raises LocatedError."""
    return read_sources(text.encode(), OFFERED.service, OFFERED.shapes, presets)


def vans(text: str = TEXT) -> MappedSource:
    """The source of a file that has one alone."""
    [(name, rule)] = rules(text).items()
    return MappedSource(name, rule)


def read(source: MappedSource, body: Any) -> Items:
    """What a body becomes."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return source.read(Webhook("east", "", raw), tuple(OFFERED.shapes), NOON)


def stop(**more: Any) -> dict[str, Any]:
    """One stop of a van."""
    return {"no": 7, "job": "p-1", "what": "there", "how": "done", "unix": UNIX, **more}
