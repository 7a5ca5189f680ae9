"""The whole product measured over HTTP, beside the usual service doing the same job: `python -m bench.whole`."""
