"""Keys of one column, for tools that join tables by one.

Belongs here: what those keys are made of. Does not belong here: which tables they join (docs/relations.md).

A thing is known by its source system and its id there. Power BI relates tables by one column, and Metabase's joins are quicker to make
by one; so the views in `main` end with the two put together. The tables themselves are not made larger by it.
"""

from __future__ import annotations

from collections.abc import Collection

from quality.rules import identifier

SYSTEM = "source_system"
# Key → the columns that it is made of, beside the system's.
KEYS: dict[str, tuple[str, ...]] = {
    "opportunity_key": ("opportunity_id",),
    "account_key": ("account_id",),
    "lead_key": ("lead_id",),
    "rep_key": ("rep_id",),
    "owner_key": ("owner_id",),
    "from_rep_key": ("from_rep_id",),
    "to_rep_key": ("to_rep_id",),
    "stage_key": ("pipeline", "stage"),
}


def keys_of(columns: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The keys of a table with these columns, and what each is made of; a column of that name is left as it is."""
    if SYSTEM not in columns:
        return {}
    return {
        key: (SYSTEM, *parts) for key, parts in KEYS.items() if key not in columns and all(part in columns for part in parts)
    }


def key_sql(parts: tuple[str, ...]) -> str:
    """The expression of a key: 'salesforce:006A9', and null where a part is null."""
    return " || ':' || ".join(identifier(part) for part in parts)


def key_comment(parts: tuple[str, ...]) -> str:
    """What is said of a key in the database."""
    return (
        f"Key of one column for joins in BI tools: {', '.join(parts[:-1])} and {parts[-1]} with colons between."
        f" Null where one of them is null. In schema main alone; docs/relations.md says what it joins."
    )
