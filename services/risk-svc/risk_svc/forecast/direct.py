"""Logistic regression with one hidden layer that predicts the answer directly: late or not at the deadline."""

from __future__ import annotations

import numpy as np

from risk_svc.forecast.layout import Singles
from risk_svc.forecast.net import Net, logistic, outputs


class Direct:
    """One expert; it learns an answer only once the promise is due because early answers would be too favourable."""

    def __init__(self, rate: float, decay: float, seed: int) -> None:
        self.net = Net(1, np.array([-1.5]), rate, decay, seed)

    def learn(self, rows: Singles, late: Singles, experience: float) -> None:
        """One step on a batch of answers (1 late, 0 kept)."""
        hidden, said = outputs(self.net.weights, rows)
        slope = (logistic(said[:, 0]) - late)[:, None] / np.float32(len(rows))
        self.net.step(rows, hidden, slope, experience)
