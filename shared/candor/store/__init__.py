"""PostgreSQL: transactions, leases, the outbox, dead letters, receipts and migrations."""
