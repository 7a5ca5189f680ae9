"""docs/reference/limits.md says the limits that the services keep, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from delivery_svc.domain import limits as delivery
from promise_svc.domain import limits as promise

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "limits.md"
ROW = re.compile(r"\| ([0-9,]+) \| (\S+-svc) `(\w+)` \|$", re.MULTILINE)


def test_every_limit_is_on_the_page_with_its_number() -> None:
    kept = {
        (service, name): number
        for service, module in (("promise-svc", promise), ("delivery-svc", delivery))
        for name, number in vars(module).items()
        if name.isupper()
    }
    said = {(service, name): int(number.replace(",", "")) for number, service, name in ROW.findall(PAGE.read_text())}
    assert len(kept) > 8
    assert said == kept
