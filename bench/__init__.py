"""Measurements of Candor, each a command: `python -m bench.<name>`."""

import os

# Before numpy is imported: at these sizes a second thread of OpenBLAS only spins, twice the CPU for no gain.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
