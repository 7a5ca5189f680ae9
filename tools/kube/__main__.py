"""`make deploy-check`: applies deploy/k8s to a real Kubernetes API server, with every definition it needs.

Without Go it says so; that is a failure only with CI=true. Arguments are for pytest.
"""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from tools.kube import crds, program


def main() -> int:
    """Build, fetch, and run the tests that need a server; return the exit status."""
    if shutil.which("go") is None:
        print("deploy-check: Go 1.24 or newer is missing, so deploy/k8s was NOT checked: install it and run this again")
        return 1 if os.environ.get("CI") == "true" else 0
    try:
        program.build()
        crds.definitions()
    except program.DeployCheckError as error:
        print(f"deploy-check: {error}", file=sys.stderr)
        return 1
    program.forget_caches()
    return pytest.main(["-m", "kube", "tests/deploy", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
