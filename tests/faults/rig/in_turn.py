"""The learner, which never learns anew: that would delete the rows that the checker learns from once more.

Learning anew is killed half-way in tests of its own (`tests/component/risk/training/test_history_in_any_order.py`).
"""

from __future__ import annotations

from risk_svc.__main__ import main
from risk_svc.training.anew import Anew


def never(_: Anew) -> bool:
    """Whether it is time to learn anew."""
    return False


if __name__ == "__main__":
    setattr(Anew, "_due", never)  # noqa: B010 - the type of a method differs
    main(["learner"])
