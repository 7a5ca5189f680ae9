"""The baseline: the reference job on quixstreams with exactly-once, run in its own environment.

    python -m bench.quix_app BOOTSTRAP INPUT OUTPUT GROUP STATE_DIR

Runs until SIGTERM. Prints nothing but the framework's own errors.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from quixstreams import Application, State

from bench import job

COMMIT_SECONDS = 0.1


def seconds(text: str | None) -> float | None:
    """Epoch seconds of an ISO time."""
    return datetime.fromisoformat(text).timestamp() if text else None


def correlate(body: dict[str, Any], state: State) -> dict[str, Any] | None:
    """Load, apply, save; returns the score if it is to be published."""
    held = state.get("s")
    before = job.State(*held) if held else None
    after, value = job.apply(before, body["milestone"], seconds(body["at"]) or 0.0, seconds(body.get("planned")))
    state.set("s", list(after))
    if value is None:
        return None
    return {"promise_id": body["promise_id"], "score": value, "source_event": body["source_event"]}


def main() -> None:
    """Run the pipeline on the named topics."""
    bootstrap, source, target, group, folder = sys.argv[1:6]
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_SECONDS,
        state_dir=folder,
        loglevel="ERROR",
        request_timeout=60,
    )
    frame = app.dataframe(app.topic(source, key_deserializer="str", value_deserializer="json"))
    frame = frame.apply(correlate, stateful=True)
    frame = frame[frame.apply(lambda scored: scored is not None)]
    frame.to_topic(app.topic(target, key_serializer="str", value_serializer="json"))
    app.run()


if __name__ == "__main__":
    main()
