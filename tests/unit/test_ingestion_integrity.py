"""A delivered file is whole, or refused: gzip streams are verified to their end before a row is read (FAULTS 2, 51)."""

from __future__ import annotations

import gzip
import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.readers import UnreadableFile, check_integrity

PATIENT = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = ("id,name\n" + "".join(f"{number},name {number}\n" for number in range(2_000))).encode()
# As long as it is, it has parts of every kind: header, deflate blocks, checksum, length.
WHOLE = gzip.compress(TEXT, mtime=0)


def check(folder: Path, content: bytes) -> bytes:
    path = folder / "delivered.csv.gz"
    path.write_bytes(content)
    checked = check_integrity(path, "gz", folder)
    assert checked.sha256 == hashlib.sha256(content).hexdigest(), "the hash is of what was delivered"
    assert checked.text_bytes == checked.text.stat().st_size
    return checked.text.read_bytes()


def test_a_whole_stream_is_unpacked(tmp_path: Path) -> None:
    assert check(tmp_path, WHOLE) == TEXT


def test_two_streams_behind_each_other_are_one_file(tmp_path: Path) -> None:
    """As `cat a.gz b.gz` makes them; gzip itself reads both."""
    assert check(tmp_path, WHOLE + gzip.compress(b"last,line\n")) == TEXT + b"last,line\n"


@PATIENT
@given(length=st.integers(1, len(WHOLE) - 1))
def test_a_stream_cut_off_anywhere_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(UnreadableFile, match="gzip stream"):
        check(tmp_path, WHOLE[:length])


@PATIENT
@given(position=st.integers(10, len(WHOLE) - 1), flip=st.integers(1, 255))
def test_a_changed_byte_is_refused(tmp_path: Path, position: int, flip: int) -> None:
    """Behind the gzip header, which carries nothing that is checked."""
    changed = WHOLE[:position] + bytes([WHOLE[position] ^ flip]) + WHOLE[position + 1 :]
    with pytest.raises(UnreadableFile, match="gzip stream"):
        check(tmp_path, changed)


@pytest.mark.parametrize(
    "tail", [b"garbage", b"\n", b"<html>", WHOLE[:40]], ids=["text", "line end", "html", "half a stream"]
)
def test_trailing_garbage_is_refused(tmp_path: Path, tail: bytes) -> None:
    with pytest.raises(UnreadableFile, match="gzip stream"):
        check(tmp_path, WHOLE + tail)


def test_what_is_no_gzip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="gzip stream is corrupt"):
        check(tmp_path, TEXT)


def test_a_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    """FAULTS 51: 100 MB of zeros from 100 KB; what was written stays near the limit, not near the bomb."""
    with pytest.raises(UnreadableFile, match="unpacks to more than 64 MB"):
        check(tmp_path, gzip.compress(bytes(100 << 20), mtime=0))
    assert max(path.stat().st_size for path in tmp_path.iterdir()) <= 64 << 20


def test_a_text_that_begins_as_utf_16_and_does_not_stay_so_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "delivered.csv"
    path.write_bytes("a,b\n".encode("utf-16") + b"\x00")
    with pytest.raises(UnreadableFile, match="begins as utf-16"):
        check_integrity(path, None, tmp_path)


def test_plain_text_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "delivered.csv"
    path.write_bytes(random.Random(1).randbytes(10).hex().encode())
    assert check_integrity(path, None, tmp_path).text == path
