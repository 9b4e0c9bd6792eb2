"""Salesforce record ids: 15 case-sensitive characters, and the 3 that make them safe to compare without case.

Nothing here knows which records exist; a number and a prefix always give the same id.
"""

from functools import lru_cache

ACCOUNT, CONTACT, LEAD, USER, ROLE, TASK, EVENT = "001", "003", "00Q", "005", "00E", "00T", "00U"
OPPORTUNITY, OPPORTUNITY_HISTORY, OPPORTUNITY_STAGE = "006", "008", "01J"
PRODUCT, LINE_ITEM, FORECASTING_QUOTA = "01t", "00k", "0J9"

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "Kd00"
_FIRST_NUMBER = 62**4  # an organisation that did not start with record 0


@lru_cache(maxsize=500_000)
def salesforce_id(prefix: str, number: int) -> str:
    """The 18-character id of the record with this number among those of its prefix."""
    rest, digits = number + _FIRST_NUMBER, ""
    while rest:
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    body = prefix + _INSTANCE + digits.rjust(8, "0")
    return body + checksum(body)


def short_id(record_id: str) -> str:
    """The 15-character form of an id, as reports and older integrations write it."""
    return record_id[:15]


def checksum(body: str) -> str:
    """One character per five: which of them are capitals, the first being the lowest bit."""
    characters = []
    for start in (0, 5, 10):
        bits = sum(1 << place for place, c in enumerate(body[start : start + 5]) if "A" <= c <= "Z")
        characters.append(_CHECK[bits])
    return "".join(characters)
