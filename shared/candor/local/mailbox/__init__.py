"""The mailbox of the local stack: accepts and shows every message, and forwards none."""
