"""What an address of e-mail looks like that SMTP takes unchanged."""

from __future__ import annotations

import re
from typing import Final

ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
