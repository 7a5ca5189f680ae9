"""Portfolios of open promises for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from risk_svc.insight.measures.shocks import ALONE
from risk_svc.insight.measures.value_at_risk import Portfolio


def portfolio(p: Sequence[float], value: Sequence[float], account: Sequence[int] | None = None) -> Portfolio:
    """Promises in EUR that lose half their value if they slip, with no renewal and nothing shared."""
    n = len(p)
    alone = np.full(n, ALONE)
    return Portfolio(
        account=np.zeros(n, np.int64) if account is None else np.array(account, np.int64),
        p_slip=np.array(p, float),
        value=np.array(value, float),
        currency=["EUR"] * n,
        lgd=np.full(n, 0.5),
        renewal=np.full(n, np.nan),
        department=alone,
        incident=alone,
        crew=alone,
        carrier=alone,
        claim=alone,
    )


def random_portfolio(n: int, seed: int) -> Portfolio:
    """Promises of several currencies, renewals and shared shocks, about twenty an account."""
    random = np.random.default_rng(seed)
    some = portfolio(random.beta(1, 4, n).tolist(), random.lognormal(8, 1, n).tolist())
    return some._replace(
        account=random.integers(0, max(1, n // 20), n),
        currency=random.choice(["EUR", "USD", "GBP"], n).tolist(),
        lgd=random.uniform(0.1, 1, n),
        renewal=np.where(random.random(n) < 0.2, np.nan, random.uniform(-30, 400, n)),
        department=random.integers(-1, 6, n),
        incident=np.where(random.random(n) < 0.9, ALONE, random.integers(0, 20, n)),
        crew=random.integers(0, 300, n),
        carrier=random.integers(0, 12, n),
        claim=np.where(random.random(n) < 0.5, ALONE, random.integers(0, 60, n)),
    )
