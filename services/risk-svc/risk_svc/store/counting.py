"""How many promises are shown, by standing, band and what was said: counted as they change (ADR 0059)."""

from __future__ import annotations

from typing import Final

from candor.store.tally import Tally
from risk_svc.domain.gap import BANDS, DOUBT

_TOPS: Final = ", ".join(str(top) for _, top in BANDS)
SHOWN: Final = Tally(
    "promise_state",
    ("standing", "band", "slipping", "told"),
    {
        "band": f"width_bucket(score, ARRAY[{_TOPS}])::text",
        "slipping": f"coalesce(p_slip >= {DOUBT}, false)::text",
        "told": "told::text",
    },
    "shown",
)
"""The bands are those at the time of the migration: other ones need a migration that counts anew."""
