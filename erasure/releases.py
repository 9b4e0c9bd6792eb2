"""Erasing forgotten people from the releases that are kept, the published one among them.

Belongs here: which published tables are about people, and putting a release written anew in the place of the old one.
Does not belong here: what of a row is a person's (ingestion/forgotten_cells.py), what else lies below home (forget.py).

A DuckDB file that was changed keeps the old pages until they are written over; so every release is written anew from its rows.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from funnelcast.settings import Settings
from ingestion.forgotten_cells import BLANKED, POSITION, changed_rows, shape, speaks_of_forgotten
from ingestion.suppression import Suppression
from publishing import bundle, swap
from publishing.certificate import certify_again, read_certificate
from publishing.layout import DATABASE
from quality.rules import literal

# Published tables of people: the objects whose records they gather, and what the id is called.
_PEOPLE: dict[str, tuple[tuple[str, ...], str]] = {
    "dim_lead": (("lead", "contact"), "lead_id"),
    "dim_rep": (("user", "users", "owner"), "rep_id"),
    # Each row says of which object it is.
    "dim_person_record": (("lead", "contact", "user", "users", "owner"), "record_id"),
}
_SET_ASIDE = "ops_set_aside"


def erase_releases(settings: Settings, suppression: Suppression) -> int:
    """Write every kept release anew without the forgotten. Returns how many there are. Can be run again at any time."""
    if not settings.releases.is_dir():
        return 0
    with swap.only_publisher(settings.releases):
        swap.remove_leftovers(settings.releases, settings.published)
        published = settings.published.resolve()
        kept = [folder for folder, _ in swap.releases_of(settings.releases)]
        for folder in kept:
            name = swap.free_name(settings.releases, read_certificate(folder)["run_id"])
            partial = swap.partial_folder(settings.releases, name)
            _write_anew(folder, partial, name, suppression)
            if folder == published or folder.resolve() == published:
                swap.swap_in(settings.releases, name, settings.published)
            else:
                partial.rename(settings.releases / name)
            # Renamed first: killed on the way, this leaves a leftover and not half a release.
            leftover = swap.partial_folder(settings.releases, folder.name)
            folder.rename(leftover)
            shutil.rmtree(leftover)
        return len(kept)


def _write_anew(folder: Path, partial: Path, name: str, suppression: Suppression) -> None:
    partial.mkdir()
    certificate = read_certificate(folder)

    def change(connection: duckdb.DuckDBPyConnection, table: str, source: str) -> int:
        return _change(connection, table, source, suppression)

    bundle.copy_tables(folder / DATABASE, partial, change, POSITION)
    bundle.write_parquet(partial)
    tables = bundle.read_back(partial)
    bundle.remove_spill(partial)
    certify_again(partial, name, certificate, tables, suppression.erasures)
    swap.seal(partial, swap.published_at(certificate))


def _change(connection: duckdb.DuckDBPyConnection, table: str, source: str, suppression: Suppression) -> int:
    columns = [str(name) for name, kind, *_ in connection.execute(f"describe from {source}").fetchall() if kind == "VARCHAR"]
    kinds, key = _PEOPLE.get(table, ((), ""))
    found = shape("", kinds[0] if kinds else table, columns, {f"{kinds[0]}_id": key} if kinds else None)
    found = replace(found, kinds=kinds) if kinds else found
    changed = changed_rows(connection, source, POSITION, found, suppression)
    return _blank_lines(connection, source, suppression) if table == _SET_ASIDE else changed


def _blank_lines(connection: duckdb.DuckDBPyConnection, source: str, suppression: Suppression) -> int:
    """A line that could not be read and speaks of the forgotten is blanked whole, as in quarantine."""
    connection.execute(f"create temp table if not exists changed_row as select * from {source} where false")
    lines = connection.execute(
        f"select {POSITION}, system, object, problem_value from {source} where found_in = 'landing' and problem_value is not null"
    ).fetchall()
    theirs = [place for place, system, name, text in lines if speaks_of_forgotten(text, system, name, suppression)]
    if theirs:
        connection.execute(f"delete from changed_row where list_contains(?, {POSITION})", [theirs])
        connection.execute(
            f"insert into changed_row select * replace ({literal(BLANKED)} as problem_value) "
            f"from {source} where list_contains(?, {POSITION})",
            [theirs],
        )
    return int(connection.execute("select count(*) from changed_row").fetchall()[0][0])
