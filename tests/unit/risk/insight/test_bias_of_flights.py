"""The bias of real carriers, January to August 2013: what the first four months flag, the next four say again."""

from __future__ import annotations

from datetime import date

import numpy as np

from candor_demo.flights import CRUISE_MILES_PER_MINUTE, GROUND_MINUTES
from candor_demo.source import flight_rows
from risk_svc.insight.measures.bias import Biases, Completed, biases
from tests.support.figures import stated


def carriers(first: date, last: date) -> Biases:
    """Carriers as makers and origins as deliverers; a destination is a class, its usual duration what was promised."""
    rows = [row for row in flight_rows(first, last) if row["arr_delay"] not in ("", "NA")]
    promised = np.array([float(row["distance"]) for row in rows]) / CRUISE_MILES_PER_MINUTE + GROUND_MINUTES
    actual = promised + np.array([float(row["arr_delay"]) for row in rows])
    kinds, makers, deliverers = ([row[name] for row in rows] for name in ("dest", "carrier", "origin"))
    return biases(Completed(kinds, makers, deliverers, promised, actual))


def test_what_is_flagged_of_carriers_is_flagged_again_with_its_sign() -> None:
    spring = carriers(date(2013, 1, 1), date(2013, 4, 30))
    later = carriers(date(2013, 5, 1), date(2013, 8, 31))
    summer = {one.name: one for one in later.makers}
    assert spring.n > 100_000
    both = [(one, summer[one.name]) for one in spring.makers if one.flagged and summer[one.name].flagged]
    for one, again in both:
        print(f"{one.name}: {stated(one.drift):+.3f}, then {stated(again.drift):+.3f}")
        assert one.drift.certain_sign == again.drift.certain_sign
    assert len(both) >= 5
    # Airports differ by less than 3 %, and one season's order is not the next one's; of one flight nothing is said.
    assert all(abs(stated(one.drift)) < 0.03 for one in (*spring.deliverers, *later.deliverers))
    assert len(spring.deliverers) == len(later.deliverers) == 3
    assert {one.name for one in spring.makers if one.drift.too_little_history} == {"OO"}
