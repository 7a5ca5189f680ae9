"""risk-svc."""

import os

# Read when numpy is first imported: at these sizes a second thread of OpenBLAS only spins, twice the CPU for nothing.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
