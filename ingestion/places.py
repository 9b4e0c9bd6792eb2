"""Where delivered files lie: a local folder, or one behind a URL whose files are fetched one by one.

Belongs here: listing and fetching. Does not belong here: which object a file is (landing.py), or what is in it (readers/).
"""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from funnelcast.errors import FunnelcastError, UsageError
from funnelcast.landing_place import RemoteFolder

# What must be installed for a protocol, as our own extras call it.
_EXTRAS = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
    "adl": "azure",
    "sftp": "sftp",
    "ssh": "sftp",
}
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
_MARKS = ("ETag", "etag", "md5Hash", "content_md5", "generation", "version_id")


class UnreachableLanding(FunnelcastError):
    """The landing is elsewhere, and elsewhere does not answer as it should; nothing is known about what was delivered."""


@dataclass(frozen=True)
class Found:
    """A file in a landing, by its name below it. Equal ``identity`` means that it has not changed; ``path`` is where it lies.

    A ``problem`` says why it cannot be read at all.
    """

    relative: str
    path: Path
    size: int = 0
    modified_ns: int = 0
    # What the other side calls this very content, if it does.
    mark: str = ""
    problem: str | None = None

    @property
    def identity(self) -> list[int | str]:
        return [self.size, self.modified_ns, *([self.mark] if self.mark else [])]


class Place(Protocol):
    """A landing, wherever it is."""

    def files(self) -> list[Found]:
        """Every file, in the order of names; hidden ones are nobody's business. Raises `FunnelcastError`."""

    def look(self, found: Found) -> Found | None:
        """The same file as it is now; None where it is gone."""

    def fetched(self, found: Found, cache: Path) -> Any:
        """A context in which the file's bytes lie at a local path; nothing lies there if the file is gone."""


def place_of(landing: Path | RemoteFolder) -> Place:
    """The landing that the settings name."""
    return LocalFolder(landing) if isinstance(landing, Path) else RemotePlace(landing)


@dataclass(frozen=True)
class LocalFolder:
    """A folder on this machine. Links are followed only to files inside of it."""

    folder: Path

    def files(self) -> list[Found]:
        if not self.folder.is_dir():
            raise UsageError(
                f"The landing folder {self.folder} does not exist; expected a folder of extracts, `<system>/<object>/<file>`."
            )
        every = sorted(self.folder.rglob("*"))
        paths = (path for path in every if not path.name.startswith(".") and (path.is_symlink() or not path.is_dir()))
        return [found for found in map(self._found, paths) if found is not None]

    def look(self, found: Found) -> Found | None:
        return self._found(found.path)

    @contextmanager
    def fetched(self, found: Found, cache: Path) -> Iterator[Path]:
        """It lies there already."""
        yield found.path

    def _found(self, path: Path) -> Found | None:
        relative = path.relative_to(self.folder).as_posix()
        if path.is_symlink() and path.is_dir():
            return Found(
                relative,
                path,
                problem="it is a link to a folder, and those are not followed: point --landing at the folder itself",
            )
        if path.is_symlink() and not path.resolve().is_relative_to(self.folder.resolve()):
            return Found(relative, path, problem="it is a link that leads out of the landing folder")
        try:
            status = path.stat()
        except FileNotFoundError:
            # A link to nothing, or a file that somebody has just taken away.
            return Found(relative, path, problem="it is not a regular file") if path.is_symlink() else None
        if not stat.S_ISREG(status.st_mode):
            return Found(relative, path, problem="it is not a regular file")
        return Found(relative, path, status.st_size, status.st_mtime_ns)


class RemotePlace:
    """A folder behind an fsspec URL. Its files are fetched into a private cache, one at a time, and only to be landed."""

    def __init__(self, folder: RemoteFolder) -> None:
        self._folder = folder
        self._files, self._root = self._connected()

    def files(self) -> list[Found]:
        with self._words_for("listed"):
            listed = self._files.find(self._root, detail=True)
        found = [self._found(str(name), info) for name, info in listed.items() if info.get("type") == "file"]
        return sorted(
            (file for file in found if file.relative and not file.path.name.startswith(".")), key=lambda file: file.relative
        )

    def look(self, found: Found) -> Found | None:
        name = f"{self._root}/{found.relative}"
        with self._words_for("looked at"):
            try:
                return self._found(name, self._files.info(name))
            except FileNotFoundError:
                return None

    @contextmanager
    def fetched(self, found: Found, cache: Path) -> Iterator[Path]:
        """Fetch it under a name of our own: the other side's may be anything."""
        cache.mkdir(parents=True, exist_ok=True)
        suffixes = "".join(suffix for suffix in found.path.suffixes[-2:] if suffix[1:].isalnum())
        local = cache / f"{hashlib.sha256(found.relative.encode()).hexdigest()[:16]}{suffixes}"
        try:
            with self._words_for(f"asked for {found.relative}"), suppress(FileNotFoundError):
                self._files.get_file(f"{self._root}/{found.relative}", str(local))
            yield local
        finally:
            local.unlink(missing_ok=True)

    def _connected(self) -> tuple[Any, str]:
        protocol = self._folder.protocol
        try:
            import fsspec

            files, root = fsspec.core.url_to_fs(self._folder.url, use_listings_cache=False, skip_instance_cache=True)
        except ImportError as error:
            extra = _EXTRAS.get(protocol)
            how = f"pip install 'funnelcast[{extra}]'" if extra else f"install the fsspec package for {protocol}"
            raise UsageError(f"The landing {self._folder} needs a package that is not installed: {how}.") from error
        except ValueError as error:
            raise UsageError(
                f"The landing {self._folder} has an unknown protocol or is no URL; expected a folder, or a URL such as "
                "s3://bucket/folder, gs://…, abfs://… or sftp://…."
            ) from error
        root = str(root).rstrip("/")
        if not root.strip("/"):
            raise UsageError(
                f"The landing {self._folder}:// names no bucket or folder; expected one such as {protocol}://bucket/folder."
            )
        return files, root

    def _found(self, name: str, info: dict[str, Any]) -> Found:
        relative = name.removeprefix(self._root).lstrip("/")
        mark = next((str(info[key]).strip('"') for key in _MARKS if info.get(key)), "")
        return Found(relative, Path(relative), int(info.get("size") or 0), _nanoseconds(info), mark)

    @contextmanager
    def _words_for(self, done: str) -> Iterator[None]:
        """Whatever a protocol's library raises becomes one sentence, without what may be secret in it."""
        try:
            yield
        except FunnelcastError:
            raise
        except FileNotFoundError as error:
            raise UsageError(f"The landing {self._folder} does not exist; expected a folder of extracts.") from error
        except PermissionError as error:
            raise UsageError(f"The landing {self._folder} may not be {done} with the credentials at hand.") from error
        except Exception as error:
            if "credential" in type(error).__name__.lower() or "credential" in str(error).lower():
                raise UsageError(
                    f"No credentials were found for the landing {self._folder}; expected them where the tools of "
                    f"{self._folder.protocol} look for them (environment variables, profile files or the machine's role)."
                ) from error
            raise UnreachableLanding(
                f"The landing {self._folder} could not be {done} ({type(error).__name__}); nothing was loaded from it."
            ) from error


def clear(cache: Path) -> None:
    """Forget fetched files that a killed run left."""
    shutil.rmtree(cache, ignore_errors=True)


def _nanoseconds(info: dict[str, Any]) -> int:
    told = next((info[key] for key in _TIMES if info.get(key)), 0)
    if isinstance(told, datetime):
        return int(told.timestamp() * 1_000_000) * 1_000
    if isinstance(told, int | float):
        return int(told * 1_000_000) * 1_000
    # Some tell it as text; to see a change, any number that stands for the text will do.
    return int.from_bytes(hashlib.sha256(str(told).encode()).digest()[:6], "big")
