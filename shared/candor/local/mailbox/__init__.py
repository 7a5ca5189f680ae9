"""The mailbox of the local stack: takes every message that is sent, sends none on, and shows them."""
