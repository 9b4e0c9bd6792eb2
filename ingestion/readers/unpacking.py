"""Packed streams, verified to their end while they are unpacked: gzip and Zstandard.

Belongs here: checksums, ends, and how far a stream may grow. Does not belong here: what the unpacked bytes mean.
DuckDB accepts a gzip with a wrong checksum, and reads a Zstandard stream that is cut off as if it were whole; so neither reaches it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol

import zstandard

from ingestion.readers.results import UnreadableFile

Compression = Literal["gz", "zst"]

# A stream may grow this much; beyond it, it is taken for a bomb (real extracts compress 5 to 40 times).
_LARGEST_EXPANSION = 400
_ALWAYS_ALLOWED = 64 << 20
# What a gzip member unpacks at a time, and how much packed Zstandard is unpacked at a time: the latter grows by 32,000 at most.
_GZIP_STEP = 1 << 20
_ZSTD_STEP = 1 << 12
# How much a Zstandard stream may ask to be held in memory at once: `zstd --long=27` asks for this.
_LARGEST_WINDOW = 128 << 20
_GZIP_HEADER = 31


class _Stream(Protocol):
    """One gzip member or Zstandard frame. At its ``eof``, ``unused_data`` is what came behind it."""

    eof: bool
    unused_data: bytes

    def unpack(self, packed: bytes) -> Iterator[bytes]: ...


def largest_allowed(packed_bytes: int) -> int:
    """How many bytes a delivered file of this size may hold, whatever packed it."""
    return max(_ALWAYS_ALLOWED, packed_bytes * _LARGEST_EXPANSION)


def too_large(limit: int) -> UnreadableFile:
    """The refusal of a file that grows beyond its limit."""
    return UnreadableFile(f"it unpacks to more than {limit >> 20} MB, which is more than an extract of its size can hold")


def unpack(packed: Iterable[bytes], compression: Compression, limit: int, keep: Callable[[bytes], None]) -> None:
    """Hand every unpacked byte to ``keep``. Raises `UnreadableFile` for a stream that is cut off, corrupt or beyond ``limit``.

    Several streams behind each other are one, as `cat a.gz b.gz` makes them; anything else behind a stream is corrupt.
    """
    written = 0
    stream: _Stream | None = None
    name = "gzip" if compression == "gz" else "zstd"
    try:
        for chunk in packed:
            rest = chunk
            while rest:
                if stream is None:
                    # gzip pads with zeros where it writes to tapes, and reads over them.
                    rest = rest.lstrip(b"\0") if compression == "gz" else rest
                    stream = _GzipMember() if compression == "gz" else _ZstdFrame()
                for piece in stream.unpack(rest):
                    written += len(piece)
                    if written > limit:
                        raise too_large(limit)
                    keep(piece)
                rest = stream.unused_data if stream.eof else b""
                stream = None if stream.eof else stream
    except (zlib.error, zstandard.ZstdError) as error:
        raise UnreadableFile(f"its {name} stream is corrupt ({error})") from error
    if stream is not None:
        raise UnreadableFile(f"its {name} stream is cut off before its end")


class _GzipMember:
    """zlib verifies the checksum and the length at the end of the member."""

    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(_GZIP_HEADER)
        self.eof = False
        self.unused_data = b""

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        while packed or not self.eof:
            piece = self._decompressor.decompress(packed, _GZIP_STEP)
            packed = self._decompressor.unconsumed_tail
            self.eof = self._decompressor.eof
            self.unused_data = self._decompressor.unused_data
            if piece:
                yield piece
            elif not packed:
                break


class _ZstdFrame:
    """The library verifies the checksum at the end of the frame, and its declared size."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()
        self.eof = False
        self.unused_data = b""

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        for start in range(0, len(packed), _ZSTD_STEP):
            end = start + _ZSTD_STEP
            yield self._decompressor.decompress(packed[start:end])
            self.eof = self._decompressor.eof
            if self.eof:
                self.unused_data = self._decompressor.unused_data + packed[end:]
                break
