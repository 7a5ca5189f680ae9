"""promise-svc: the ledger of promises and customer contacts."""
