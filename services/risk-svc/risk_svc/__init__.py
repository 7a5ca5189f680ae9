"""risk-svc: forecasts promises, scores gaps, and serves the API and the board."""

import os

# OpenBLAS reads it when numpy is first imported. At these sizes a second thread only spins: twice the CPU, no gain.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
