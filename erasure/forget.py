"""Forgetting a person: everything below home, in an order that can be taken up again wherever it was stopped.

Belongs here: the order, what lies around the tables (Dagster's history, logs, dbt's target), and the run that publishes again.
Does not belong here: what of a row is a person's (ingestion/forgotten_cells.py), who it is (person.py), raw (raw.py), releases
(releases.py), the proof (proof.py).

Whoever is erased stands in plain words in `raw/forgotten/under_way.json` until the proof is given, and on the list of keyed hashes
before the first cell is changed: a run between two attempts loads nothing of them.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from erasure.person import find_person
from erasure.proof import Needles, Search, holds, search
from erasure.raw import Erased, erase_raw
from erasure.releases import erase_releases
from funnelcast.errors import FunnelcastError, GateRefused, UsageError
from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings
from funnelcast.whole_files import write_whole
from ingestion.forgotten_cells import Mappings
from ingestion.landing import delivered_objects
from ingestion.places import Found, Place, place_of
from ingestion.readers import sql_name
from ingestion.suppression import (
    Erasure,
    Person,
    Suppression,
    addresses_in,
    begin_erasure,
    end_erasure,
    load_suppression,
    new_reference,
    normal_address,
    now,
    save_suppression,
    unfinished_erasure,
)
from orchestration.home_lock import home_lock
from publishing.certificate import UnreadableCertificateError, read_certificate

# One address, many names: a mailbox that a team shares, not a person.
_MOST_NAMES = 3


class UnknownPerson(UsageError):
    """Nothing below home holds the address."""


class StillFound(FunnelcastError):
    """The search after the erasure found the person, or could not look everywhere."""


@dataclass(frozen=True)
class Forgotten:
    """What came of an erasure."""

    erasure: Erasure
    records: int
    releases: int
    is_name_shared: bool
    # Files in the landing folder, which lies outside of home, that still hold the person.
    landing_files: tuple[str, ...]
    proof: Search
    # Why the erased tables were not published anew by a run; what is published was erased in any case.
    not_run: str | None


def forget(settings: Settings, process: SalesProcess, address: str, is_shared_mailbox: bool = False) -> Forgotten:
    """Erase a person from everything below home, publish again, and search all of it for them.

    Raises `UnknownPerson` if nothing below home holds the address, `StillFound` naming files if the search finds it in the end.
    """
    _demand_address(address)
    with home_lock(settings):
        _demand_same_process(settings, process)
        mappings = _mappings(process)
        person, suppression = _begin(settings, address, mappings, is_shared_mailbox)
        erasure, suppression = _erase_raw(settings, person, suppression, mappings)
        releases = erase_releases(settings, suppression)
        _erase_around(settings, person, suppression)
    not_run = _publish_again(settings)
    with home_lock(settings):
        # A run that was refused leaves a build and its docs; whatever it wrote was made of erased rows, and is looked at all the same.
        proof = search(settings.home, person, [settings.raw / "forgotten" / "under_way.json"])
        if not proof.proves:
            raise StillFound(_found(proof, settings.home))
        end_erasure(settings.raw)
    return Forgotten(
        erasure, len(person.records), releases, person.is_name_shared, _in_landing(settings, person), proof, not_run
    )


def _demand_address(address: str) -> None:
    if list(addresses_in(address)) != [normal_address(address)]:
        raise UsageError("What was given is not an e-mail address; expected one such as nora@example.com.")


def _begin(settings: Settings, address: str, mappings: Mappings, is_shared_mailbox: bool) -> tuple[Person, Suppression]:
    """Find out who it is, and note it down before anything is changed."""
    unfinished = unfinished_erasure(settings.raw)
    suppression = load_suppression(settings.raw)
    if unfinished is not None:
        if normal_address(address) not in unfinished.addresses:
            raise UsageError(
                f"The erasure {unfinished.reference} was begun and not finished; run `funnelcast forget` with its address first."
            )
        return unfinished, suppression.with_person(unfinished)
    person = find_person(address, new_reference(), settings.raw, mappings)
    if person.people > _MOST_NAMES and not is_shared_mailbox:
        raise UsageError(
            f"{len(person.records)} records of {person.people} names share this address: it looks like a mailbox, not a person; "
            "nothing was changed. --shared forgets all of them."
        )
    if not person.records and not search(settings.home, person).found:
        if suppression.holds_address(address):
            raise UnknownPerson("This address was forgotten before, and nothing below home holds it; nothing was changed.")
        raise UnknownPerson("Nothing below home holds this address; nothing was changed.")
    begin_erasure(person, settings.raw)
    suppression = suppression.with_person(person)
    save_suppression(suppression, settings.raw)
    return person, suppression


def _erase_raw(
    settings: Settings, person: Person, suppression: Suppression, mappings: Mappings
) -> tuple[Erasure, Suppression]:
    """Erase from raw and quarantine; what was done is on the list after each file, so that an attempt that is stopped counts too."""
    told = next((known for known in suppression.erasures if known.reference == person.reference), None)
    erasure = told or Erasure(person.reference, now())

    def tell(done: Erased) -> None:
        nonlocal erasure
        erasure = replace(
            erasure,
            raw_files=erasure.raw_files + done.raw_files,
            raw_rows=erasure.raw_rows + done.raw_rows,
            quarantined_rows=erasure.quarantined_rows + done.quarantined_rows,
        )
        save_suppression(suppression.with_erasure(erasure), settings.raw)

    work = settings.build / "landing"
    erase_raw(suppression, settings.raw, settings.quarantine, work, mappings, person.reference, tell)
    tell(Erased())
    shutil.rmtree(work, ignore_errors=True)
    return erasure, suppression.with_erasure(erasure)


def _erase_around(settings: Settings, person: Person, suppression: Suppression) -> None:
    """The build is made anew by the next run; of logs and histories, what speaks of the person is written over."""
    for path in settings.build.glob(f"{settings.build_database.name}*"):
        path.unlink()
    shutil.rmtree(settings.data_docs, ignore_errors=True)
    needles = Needles(person)
    for folder in (settings.dagster_home, settings.logs, settings.dbt_home, settings.build):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and holds(path, needles):
                _erase_file(path, settings, suppression)


def _erase_file(path: Path, settings: Settings, suppression: Suppression) -> None:
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"SQLite format 3"):
        _erase_sqlite(path, suppression)
        return
    # A journal beside a database: it was written into it, and is gone with the next line.
    if path.name.endswith(("-wal", "-shm")):
        return
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        if path.is_relative_to(settings.dbt_home) or path.is_relative_to(settings.build):
            # dbt's caches and the build's leftovers are made again.
            path.unlink()
        return
    write_whole(path, _without(text, suppression))


def _erase_sqlite(path: Path, suppression: Suppression) -> None:
    """Write over the cells that hold somebody forgotten, and the pages that held them."""
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        connection.execute("pragma secure_delete = on")
        connection.create_function(
            "_without", 1, lambda cell: _without(cell, suppression) if isinstance(cell, str) else cell
        )
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for _, column, *_ in connection.execute(f"pragma table_info({sql_name(table)})").fetchall():
                name = sql_name(column)
                connection.execute(
                    f"update {sql_name(table)} set {name} = _without({name}) "
                    f"where typeof({name}) = 'text' and _without({name}) <> {name}"
                )
        connection.commit()
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")


def _without(text: str, suppression: Suppression) -> str:
    return suppression.without_names(suppression.without_addresses(text))


def _publish_again(settings: Settings) -> str | None:
    """Run the night on the erased raw store, where something was published before. Returns why not, if it could not publish."""
    if not settings.published.exists():
        return "nothing is published"
    from orchestration.environment import prepare
    from orchestration.gate_worker import gate_worker

    prepare(settings)
    try:
        with gate_worker(settings) as gate:
            from orchestration.run import run_nightly

            run_nightly(settings, gate)
    except GateRefused:
        return "the gate refused tonight's tables (funnelcast status says why)"
    except FunnelcastError as error:
        return str(error)
    return None


def _demand_same_process(settings: Settings, process: SalesProcess) -> None:
    """Publishing again under another sales process would change numbers that nobody asked to change."""
    from ingestion.process_tables import process_digest

    with contextlib.suppress(UnreadableCertificateError):
        if read_certificate(settings.published)["config_digest"] != process_digest(process):
            raise UsageError(
                "What is published was made with another sales process; name it with --config (or run once with this one) first."
            )


def settled_as_of(settings: Settings) -> date | None:
    """The day that was asked for when what is published was made, if one was."""
    import json

    try:
        told = json.loads((settings.build / "inputs.json").read_text(encoding="utf-8"))["as_of"]
    except (FileNotFoundError, ValueError, KeyError):
        # Nothing was published here, or nothing is remembered of it.
        return None
    return date.fromisoformat(told) if told else None


def _mappings(process: SalesProcess) -> Mappings:
    return {(target.system, target.name): target.options.columns for target in delivered_objects(process)}


def _in_landing(settings: Settings, person: Person) -> tuple[str, ...]:
    """The landing folder is not ours to change: it is searched, and told."""
    if isinstance(settings.landing, Path) and not settings.landing.is_dir():
        return ()
    needles = Needles(person)
    place = place_of(settings.landing)
    return tuple(
        found.relative for found in place.files() if found.problem is None and _holds(place, found, settings, needles)
    )


def _holds(place: Place, delivered: Found, settings: Settings, needles: Needles) -> bool:
    with place.fetched(delivered, settings.landing_cache) as path:
        return path.is_file() and holds(path, needles)


def _found(proof: Search, home: Path) -> str:
    found = ", ".join(str(path.relative_to(home)) for path in proof.found[:10])
    undecided = ", ".join(str(path.relative_to(home)) for path in proof.undecided[:10])
    where = "; ".join(
        part
        for part in (found and f"the person is still found in {found}", undecided and f"{undecided} could not be searched")
        if part
    )
    return f"The erasure is not proven: {where}. Mend or remove what is named, and run the same command again."
