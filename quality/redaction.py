"""Keep people out of what the gate writes down: verdicts and Data Docs are kept longer than people allow.

Belongs here: what is taken out of examples and error messages.
Does not belong here: erasing people from tables (publishing/).
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(r'[^\s"<>(),;:]+@[^\s"<>(),;:]+')
HIDDEN = "(an address)"


def without_addresses(text: str) -> str:
    """Take e-mail addresses out of a text; some tools use them as the ids of leads."""
    return _ADDRESS.sub(HIDDEN, text)


def in_short(message: str) -> str:
    """Tell an error by its first line: the others show the SQL, and may show what stands in the rows."""
    lines = message.strip().splitlines()
    return without_addresses(lines[0]) if lines else "an error without a message"
