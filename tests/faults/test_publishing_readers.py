"""Assumes: who reads the published tables always reads one whole release, however many are published
meanwhile.

Guards publishing/swap.py and publishing/reader.py (FAULTS 45 and 48, promise P3). If one of these fails, a
dashboard can mix two nights or break in the middle of one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from publishing_home import (
    STARTED_AT,
    copy_home,
    expected_sum,
    make_build,
    publish_build,
    sum_of_amounts,
    what_is_wrong,
)

from publishing.certificate import read_certificate
from publishing.errors import NothingPublished, PublishFailed
from publishing.integrity import find_damage, is_intact
from publishing.reader import open_published, open_release
from publishing.release import publish
from publishing.run_log import read_runs, runs_file
from publishing.swap import only_publisher

# More than DuckDB reads when it opens a file: what a reader asks for later must come from the disk.
MANY = 200_000


def test_a_reader_keeps_the_whole_old_release_through_swaps_and_its_removal(tmp_path: Path) -> None:
    publish_build(tmp_path, "run-1", marker=1, deals=MANY)
    with open_published(tmp_path) as reader:
        for run in range(2, 6):
            publish_build(tmp_path, f"run-{run}", marker=run)
        assert not (tmp_path / "releases" / "run-1").exists()

        assert sum_of_amounts(reader) == expected_sum(1, MANY)
        names = reader.execute("select count(distinct name), min(length(name)) from marts.fct_opportunity").fetchall()
        assert names == [(MANY, 32)]
        assert reader.execute("select marker from dim_marker").fetchall() == [(1,)]

    with open_published(tmp_path) as reader:
        assert sum_of_amounts(reader) == expected_sum(5)


def test_a_release_of_before_tables_stood_in_main_is_read_as_before(tmp_path: Path) -> None:
    """Such kept releases have the database under two names, and the tables in schema marts alone."""
    with duckdb.connect(str(tmp_path / "funnelcast.duckdb")) as connection:
        connection.execute("create schema marts; create table marts.fct_opportunity as select 7 as amount")
    (tmp_path / "marts.duckdb").hardlink_to(tmp_path / "funnelcast.duckdb")
    with open_release(tmp_path) as reader:
        assert sum_of_amounts(reader) == 7
        assert reader.execute("from marts.fct_opportunity").fetchall() == [(7,)]


def test_an_open_release_shows_each_table_once(tmp_path: Path) -> None:
    publish_build(tmp_path, "run-1")
    with open_published(tmp_path) as reader:
        shown = [row[0] for row in reader.execute("show tables").fetchall()]
    assert shown == ["dim_marker", "fct_opportunity", "fct_velocity", "ops_check", "ops_file", "ops_run", "ops_set_aside"]


def test_readers_that_open_during_swaps_get_one_release_each(tmp_path: Path) -> None:
    publish_build(tmp_path, "run-1", marker=1)
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def read_again_and_again() -> None:
        while not done.is_set():
            with open_published(tmp_path) as reader:
                marker = reader.execute("select marker from dim_marker").fetchall()[0][0]
                seen.append((marker, sum_of_amounts(reader)))

    thread = threading.Thread(target=read_again_and_again)
    thread.start()
    try:
        for run in range(2, 7):
            publish_build(tmp_path, f"run-{run}", marker=run)
    finally:
        done.set()
        thread.join()

    assert len({marker for marker, _ in seen}) > 2
    assert all(total == expected_sum(marker) for marker, total in seen)


def test_a_client_that_holds_the_database_open_does_not_hold_up_the_run(tmp_path: Path) -> None:
    """Another process, as a BI tool is: DuckDB's locks are between processes."""
    publish_build(tmp_path, "run-1", marker=1)
    hold = (
        "import duckdb, sys; client = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True);"
        " input(); print(client.execute('select sum(amount) from marts.fct_opportunity').fetchall()[0][0])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "published" / "funnelcast.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "open\n"
        publish_build(tmp_path, "run-2", marker=2)
        answer, _ = client.communicate("\n")
    assert float(answer) == expected_sum(1)
    assert what_is_wrong(tmp_path) is None


def test_the_newest_three_releases_are_kept_and_nobody_elses_folder_is_touched(tmp_path: Path) -> None:
    publish_build(tmp_path, "run-1")
    releases = tmp_path / "releases"
    (releases / "notes").mkdir()
    shutil.copytree(releases / "run-1", releases / "before-the-migration")
    for run in range(2, 6):
        publish_build(tmp_path, f"run-{run}")

    kept = sorted(path.name for path in releases.iterdir())
    assert kept == ["before-the-migration", "notes", "run-3", "run-4", "run-5"]
    assert (tmp_path / "published").readlink() == Path("releases/run-5")


def test_the_published_release_is_kept_even_if_it_is_the_oldest(tmp_path: Path) -> None:
    """As after a clock that was set back: newer releases than the one just published are there already."""
    for run in range(1, 4):
        publish_build(tmp_path, f"run-{run}")
    later = read_certificate(tmp_path / "releases" / "run-3")["published_at"]
    for run in range(1, 4):
        _redate(tmp_path / "releases" / f"run-{run}", later.replace("20", "21", 1))

    publish_build(tmp_path, "run-4", marker=4)

    assert (tmp_path / "published").readlink() == Path("releases/run-4")
    assert what_is_wrong(tmp_path) is None


def test_the_whole_home_can_be_moved(tmp_path: Path) -> None:
    publish_build(tmp_path / "here", "run-1")
    (tmp_path / "here").rename(tmp_path / "there")
    assert what_is_wrong(tmp_path / "there") is None
    assert is_intact(tmp_path / "there" / "published")


def test_published_files_cannot_be_written_by_accident(tmp_path: Path) -> None:
    release = publish_build(tmp_path, "run-1").folder
    files = [path for path in release.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o444}
    assert not [path for path in release.rglob("*") if path.name.startswith(".")]


def test_the_same_run_published_again_replaces_itself(tmp_path: Path) -> None:
    """A retried step has the same run id, and the release that people read may already carry it."""
    publish_build(tmp_path, "run-1", marker=1)
    publish_build(tmp_path, "run-1", marker=2)

    assert (tmp_path / "published").readlink() == Path("releases/run-1-2")
    assert what_is_wrong(tmp_path) is None
    with open_published(tmp_path) as reader:
        assert sum_of_amounts(reader) == expected_sum(2)
        assert reader.execute("select run_id from ops_run").fetchall() == [("run-1",)]


def test_two_publishers_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    publish_build(tmp_path, "run-1", marker=1)
    settings = make_build(tmp_path, "run-2", marker=2)
    partial = settings.releases / ".run-3.partial"
    with only_publisher(settings.releases):
        partial.mkdir()
        with pytest.raises(PublishFailed, match="another run is publishing"):
            publish(settings, "run-2", STARTED_AT)
        assert partial.is_dir()
    publish(settings, "run-2", STARTED_AT)
    assert not partial.exists()


def test_without_a_release_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished, match=r"^Nothing is published: .* run `funnelcast run --home .*` first\.$"):
        open_published(tmp_path)
    (tmp_path / "published").symlink_to("releases/gone")
    with pytest.raises(NothingPublished, match="leads nowhere"):
        open_published(tmp_path)


def test_a_readers_connection_cannot_change_what_is_published(tmp_path: Path) -> None:
    publish_build(tmp_path, "run-1")
    with open_published(tmp_path) as reader:
        for statement in (
            "delete from marts.fct_opportunity",
            "create table marts.mine as select 1",
            "drop table marts.dim_marker",
            "drop view fct_opportunity",
        ):
            with pytest.raises(duckdb.InvalidInputException, match="read-only"):
                reader.execute(statement)


@pytest.fixture(scope="module")
def published_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("published") / "home"
    publish_build(home, "run-1")
    return home


@pytest.mark.parametrize("name", ["funnelcast.duckdb", "certificate.json", "parquet/fct_opportunity.parquet"])
@pytest.mark.parametrize("damage", ["deleted", "cut off", "one byte"])
def test_a_damaged_published_file_is_found(published_home: Path, tmp_path: Path, name: str, damage: str) -> None:
    published = copy_home(published_home, tmp_path / "home").published
    assert find_damage(published) is None
    _damage(published / name, damage)
    assert Path(name).name in str(find_damage(published))
    assert not is_intact(published)


def test_the_next_run_publishes_again_what_was_damaged(published_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    published = copy_home(published_home, home).published
    _damage(published / "certificate.json", "one byte")
    _damage(published / "funnelcast.duckdb", "cut off")

    publish_build(home, "run-2")

    assert is_intact(published)
    assert what_is_wrong(home) is None


def test_changes_that_a_client_left_beside_the_database_are_damage(published_home: Path, tmp_path: Path) -> None:
    """A client with the owner's rights can write to the database: its changes go to a file beside it."""
    published = copy_home(published_home, tmp_path / "home").published
    (published / "funnelcast.duckdb.wal").write_bytes(b"changes")
    assert "changes that were not published" in str(find_damage(published))


def test_a_touched_file_is_no_damage(published_home: Path, tmp_path: Path) -> None:
    published = copy_home(published_home, tmp_path / "home").published
    for path in published.rglob("*"):
        path.touch()
    assert is_intact(published)


def test_a_missing_or_dangling_link_is_damage(tmp_path: Path) -> None:
    assert not is_intact(tmp_path / "published")
    publish_build(tmp_path, "run-1")
    shutil.rmtree(tmp_path / "releases" / "run-1")
    assert "points to nothing" in str(find_damage(tmp_path / "published"))
    publish_build(tmp_path, "run-2")
    assert what_is_wrong(tmp_path) is None


def test_the_published_run_is_remembered_if_it_died_before_saying_so(tmp_path: Path) -> None:
    publish_build(tmp_path, "run-1")
    runs_file(tmp_path).unlink()

    publish_build(tmp_path, "run-2")

    assert [run.run_id for run in read_runs(tmp_path)] == ["run-1", "run-2"]
    with open_published(tmp_path) as reader:
        assert reader.execute("select run_id, outcome from ops_run").fetchall() == [
            ("run-1", "published"),
            ("run-2", "published"),
        ]


def test_asking_whether_all_is_intact_loads_no_library() -> None:
    """A night without news should be over before DuckDB is loaded."""
    asked = (
        "import sys; from pathlib import Path; from publishing.integrity import is_intact;"
        " is_intact(Path('nowhere'));"
        " sys.exit(', '.join({'duckdb', 'pydantic', 'pandas', 'great_expectations'} & set(sys.modules)) or 0)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", asked], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _damage(path: Path, damage: str) -> None:
    if damage == "deleted":
        path.unlink()
        return
    content = bytearray(path.read_bytes())
    path.chmod(0o644)
    if damage == "cut off":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def _redate(release: Path, published_at: str) -> None:
    """Give a release another date, as the run that made it would have with another clock."""
    from publishing import certificate as module

    content = {**read_certificate(release), "published_at": published_at}
    content.pop("seal")
    content["seal"] = module._seal(content)
    (release / "certificate.json").chmod(0o644)
    (release / "certificate.json").write_text(module._written(content))
