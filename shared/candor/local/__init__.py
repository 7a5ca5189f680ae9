"""The local stack: broker, database, mailbox and services on one machine."""
