"""The customer's page: what was promised, what changed, what holds now and what was said, behind a signed link."""

from typing import Final

PATH: Final = "/p/"
"""Before the signed part of a link."""
STOP: Final = "/stop"
"""Behind it: where a customer says that they want no messages."""
OWNER: Final = "/owner"
"""Behind a link of its own kind: where a promise's owner says who tells the customer."""
