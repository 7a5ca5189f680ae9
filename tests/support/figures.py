"""Reading figures of insight in tests."""

from __future__ import annotations

from risk_svc.insight.measures.figure import Figure


def stated(figure: Figure) -> float:
    """The value of a figure that is stated."""
    assert figure.value is not None
    return figure.value


def bounds(figure: Figure) -> tuple[float, float]:
    """The interval of a figure that is estimated; it holds the value."""
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low <= stated(figure) <= figure.high
    return figure.low, figure.high
