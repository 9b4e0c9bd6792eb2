"""Assumes: a disk that does not take the release costs the night's release, and nothing else.

Guards publishing/release.py and publishing/errors.py (FAULTS 42, promise P3), on a real small file system
where the machine allows mounting one, and under a real limit on file sizes everywhere. If one of these fails,
a full disk can take with it what people read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from publishing_home import STARTED_AT, expected_sum, make_build, publish_build, sum_of_amounts, what_is_wrong

from publishing.errors import PublishFailed
from publishing.reader import open_published
from publishing.release import publish

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not let us mount a small disk: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("lacking", [4_096, 50_000, 1_000_000, 10_000_000])
def test_a_full_disk_leaves_the_last_release_and_says_how_much_was_needed(small_disk: Path, lacking: int) -> None:
    """The room runs out at another step each time: at the certificate, in Parquet, in the database, at the
    first byte."""
    release = publish_build(small_disk, "run-1", marker=1).folder
    settings = make_build(small_disk, "run-2", marker=2)
    files = {path.stat().st_ino: path.stat().st_blocks * 512 for path in release.rglob("*") if path.is_file()}
    left = max(sum(files.values()) - lacking, 0)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - left))

    with pytest.raises(PublishFailed) as failed:
        publish(settings, "run-2", STARTED_AT)

    sentence = str(failed.value)
    assert re.fullmatch(
        r"Nothing was published: (.+) has no room left: about [\d.,]+ MB are needed there and [\d.,]+ MB"
        r" are free; make room and run again\.",
        sentence,
    )
    assert str(small_disk / "releases") in sentence
    assert "about 0.0 MB" not in sentence
    assert [path.name for path in settings.releases.iterdir()] == ["run-1"]
    assert [path.name for path in small_disk.iterdir() if path.name.startswith(".")] == []
    assert what_is_wrong(small_disk) is None
    ballast.unlink()
    publish(settings, "run-2", STARTED_AT)
    with open_published(small_disk) as reader:
        assert sum_of_amounts(reader) == expected_sum(2)


def test_a_disk_that_may_not_be_written_leaves_the_last_release(small_disk: Path) -> None:
    publish_build(small_disk, "run-1", marker=1)
    settings = make_build(small_disk, "run-2", marker=2)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    with pytest.raises(PublishFailed, match=r"cannot be written \(Read-only file system; about .* MB"):
        publish(settings, "run-2", STARTED_AT)

    assert what_is_wrong(small_disk) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_we_may_not_write_is_named(tmp_path: Path) -> None:
    settings = make_build(tmp_path, "run-1")
    settings.releases.mkdir()
    settings.releases.chmod(0o555)
    with pytest.raises(PublishFailed, match=rf"{re.escape(str(settings.releases))} cannot be written \(Permission denied"):
        publish(settings, "run-1", STARTED_AT)


def test_under_a_limit_on_file_sizes_the_last_release_stays(tmp_path: Path) -> None:
    """What a container or a shared machine may set. The limit cannot be lifted again, so another process
    publishes."""
    publish_build(tmp_path, "run-1", marker=1)
    make_build(tmp_path, "run-2", marker=2, deals=60_000)
    limited = (
        "import resource, sys; from pathlib import Path; from publishing_home import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
        "publish(settings_of(Path(sys.argv[1])), 'run-2', STARTED_AT)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path)],
        env={"PYTHONPATH": f"{ROOT}:{Path(__file__).parent}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    assert "PublishFailed: Nothing was published:" in last
    assert f"{tmp_path / 'releases'} cannot be written (File too large; about" in last
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["run-1"]
    assert what_is_wrong(tmp_path) is None
