"""The files a company delivers: one full export of the history, then a delta each night, as bytes on disk.

The extract dated D holds everything up to the end of day D in company time, in the state of that moment.
Not here: what a record is (salesforce) or how rows get dirty (dirt).
"""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from simulator.deals import Value
from simulator.dirt import Spot, soil
from simulator.records import Record, Table
from simulator.salesforce import tables
from simulator.simulate import Histories
from simulator.workdays import iso_instant

_FOREVER = 2**62


@dataclass(slots=True)
class Extract:
    """One file to be delivered. A row may hold more values than there are columns, where it is dirty."""

    table: Table
    day: date
    rows: list[list[Value]]
    is_compressed: bool
    suffix: str = ""

    @property
    def file_name(self) -> str:
        """Object, extract date, format."""
        form = self.table.format if self.is_compressed else self.table.format.removesuffix(".gz")
        return f"{self.table.file_stem}_{self.day.isoformat()}{self.suffix}.{form}"


@dataclass(slots=True)
class Delivery:
    """What was written: each file's path below the landing folder, its number of rows, the dirty spots."""

    files: dict[str, int]
    spots: list[Spot] = field(default_factory=list)


def write_extracts(histories: Histories, out: Path, *, dirty: bool = True, compress: bool = True) -> Delivery:
    """Write the landing folder. Files already there that are none of these are refused by name."""
    extracts = planned_extracts(histories, compress=compress)
    spots = soil(extracts, histories.seed) if dirty else []
    contents: dict[str, tuple[bytes, int]] = {}
    for extract in extracts:
        path = f"{extract.table.system}/{extract.table.name}/{extract.file_name}"
        contents[path] = (_content(extract), len(extract.rows))
    strangers = sorted(
        path for path in (p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) if path not in contents
    )
    if strangers:
        raise FileExistsError(f"{out} holds {strangers[0]}, which this run would not write: empty the folder first.")
    for path, (content, _) in contents.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return Delivery({path: rows for path, (_, rows) in sorted(contents.items())}, spots)


def planned_extracts(histories: Histories, *, compress: bool = True) -> list[Extract]:
    """Every file in clean form, object by object, night by night."""
    company = histories.company
    last = company.as_of.toordinal()
    first = last - company.nightly_deltas
    extracts = []
    for table in tables(histories):
        since = histories.end_of(first)
        extracts.append(Extract(table, date.fromordinal(first), _whole(table, since), compress))
        # Most records rest for the whole fortnight: look only at those that do not.
        restless = [record for record in table.records if record.modified_at(_FOREVER) >= since]
        for day in range(first + 1, last + 1):
            cut = histories.end_of(day)
            changed = [record for record in restless if since <= record.modified_at(cut) < cut]
            if changed:
                is_full = table.delivery == "full"
                rows = _whole(table, cut) if is_full else _rows(table, sorted(changed, key=_modified(cut)), cut)
                extracts.append(Extract(table, date.fromordinal(day), rows, compress))
            since = cut
    return [extract for extract in extracts if extract.rows]


def _modified(cut: int) -> Callable[[Record], int]:
    return lambda record: record.modified_at(cut)


def _whole(table: Table, cut: int) -> list[list[Value]]:
    return _rows(table, [record for record in table.records if record.created_at < cut], cut)


def _rows(table: Table, records: list[Record], cut: int) -> list[list[Value]]:
    """Records as they stood just before an instant."""
    rows = []
    for record in records:
        fields = record.as_of(cut)
        fields[table.columns[0]] = record.id
        fields.update(dict.fromkeys(table.stamps, iso_instant(record.modified_at(cut))))
        rows.append([fields[column] for column in table.columns])
    return rows


def _content(extract: Extract) -> bytes:
    form = extract.table.format
    text = _json_lines(extract) if form.startswith("jsonl") else _csv(extract)
    plain = text.encode()
    if not (extract.is_compressed and form.endswith(".gz")):
        return plain
    # No file name and no time in the header: the same rows give the same bytes.
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=9) as stream:
        stream.write(plain)
    return packed.getvalue()


def _csv(extract: Extract) -> str:
    """Every field quoted, as the Bulk API and the Data Loader do."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(extract.table.columns)
    writer.writerows([_cell(value) for value in row] for row in extract.rows)
    return text.getvalue()


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _json_lines(extract: Extract) -> str:
    columns = extract.table.columns
    lines = [
        json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, separators=(",", ":")) for row in extract.rows
    ]
    return "\n".join(lines) + "\n"
