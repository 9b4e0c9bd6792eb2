"""A CRM record and its versions, from which any night's extract can be read.

Not here: which records there are (salesforce), or how they are written to files (extracts).
"""

from dataclasses import dataclass, field

from simulator.deals import Fields


@dataclass(slots=True)
class Record:
    """A record: its fields at creation, and what each later change set. Changes are kept in time order."""

    id: str
    created_at: int
    values: Fields
    changes: list[tuple[int, Fields]] = field(default_factory=list)

    def modified_at(self, before: int) -> int:
        """The last change earlier than an instant; the creation, if there was none."""
        latest = self.created_at
        for at, _ in self.changes:
            if at < before:
                latest = max(latest, at)
        return latest

    def as_of(self, before: int) -> Fields:
        """The fields as all changes earlier than an instant left them."""
        now = dict(self.values)
        for at, fields in self.changes:
            if at < before:
                now.update(fields)
        return now


@dataclass(frozen=True)
class Table:
    """One object of a system: its columns, its records in order of creation, and how it is delivered.

    `stamps` are the columns that hold the instant of a record's last change.
    """

    system: str
    name: str
    file_stem: str
    delivery: str
    format: str
    columns: tuple[str, ...]
    records: list[Record]
    stamps: tuple[str, ...] = ()
