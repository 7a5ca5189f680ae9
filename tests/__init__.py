"""All tests; imported before any of them, and before numpy."""

import os

# The runner has one process a core: threads of OpenBLAS would only wait for each other, for minutes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
