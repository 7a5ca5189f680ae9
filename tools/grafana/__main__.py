"""Writes deploy/grafana/dashboards, each from the module beside this one that describes it.

python -m tools.grafana
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tools.grafana import flow, forecasts, messages, promises
from tools.grafana.classic import made

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"
DASHBOARDS: Final = (promises.DASHBOARD, flow.DASHBOARD, messages.DASHBOARD, forecasts.DASHBOARD)


def generated() -> dict[Path, str]:
    """Return every file with its text."""
    return {
        FOLDER / f"{one.name}.json": json.dumps(made(one), indent=2, ensure_ascii=False) + "\n" for one in DASHBOARDS
    }


def main() -> None:
    """Write every file."""
    for path, text in generated().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
