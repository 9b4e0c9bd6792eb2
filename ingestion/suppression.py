"""Who is to stay forgotten: keyed hashes of addresses, record ids and full names, and what is written in their place.

Belongs here: the list below `raw/forgotten/`, and finding its people in one piece of text. Does not belong here: which cells of a
table are looked at, and rewriting files (erasure.py).

The hashes are HMACs with a random key of this home: without the key nobody can try addresses against the list. What is written in
the place of a value is derived from the same key, so that equal values stay equal (a match between two systems, a row delivered
again unchanged) and different ones different: no count changes because somebody was forgotten.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter

from funnelcast.whole_files import written_whole

# `%40` is an address inside of a link.
_ADDRESS = re.compile(r"(\w[\w.+\-'!#$&*^~]*)(?:@|%40)(\w[\w-]*(?:\.\w[\w-]*)+)")
# Signs part words: `Akhtar's` holds the name Akhtar, and O'Brien is two words wherever he is written.
_WORD = re.compile(r"\w+")
_SALESFORCE_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
ERASED = "erased"
ERASED_DOMAIN = "erased.invalid"


@dataclass(frozen=True)
class Person:
    """Somebody who asked to be forgotten, in plain words: known while the erasure is under way, and never afterwards."""

    reference: str
    addresses: frozenset[str]
    # (system, object, id)
    records: frozenset[tuple[str, str, str]] = frozenset()
    # Full names of at least two words, each as it is said and turned around.
    names: frozenset[str] = frozenset()
    # Other people have one of these names: only rows that speak of this person lose it.
    is_name_shared: bool = False

    @property
    def people(self) -> int:
        """How many different names the records have: one, unless many people share the address."""
        return len({frozenset(name.split()) for name in self.names})


@dataclass(frozen=True)
class Erasure:
    """What the certificate says of one erasure: when and how much, under a random reference, and not who."""

    reference: str
    erased_at: datetime
    raw_files: int = 0
    raw_rows: int = 0
    quarantined_rows: int = 0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "erased_at": self.erased_at.isoformat()}


@dataclass(frozen=True)
class Suppression:
    """Everybody who was forgotten here, as keyed hashes. Falsy where nobody was."""

    __pydantic_config__: ClassVar = ConfigDict(val_json_bytes="hex")

    key: bytes
    addresses: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    # Names that other people have too: looked for only in rows that speak of the person.
    shared_names: frozenset[str] = frozenset()
    name_lengths: frozenset[int] = frozenset()
    erasures: tuple[Erasure, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.addresses)

    def holds_address(self, address: str) -> bool:
        return self._hash("address", normal_address(address)) in self.addresses

    def holds_record(self, system: str, name: str, key: str) -> bool:
        return self._hash("record", _record(system, name, key)) in self.records

    def holds_any_record(self, system: str, name: str, text: str) -> bool:
        """Whether a line that could not be read holds the id of a forgotten record of its object."""
        return any(self.holds_record(system, name, word) for word in re.findall(r"[\w-]+", text))

    def token(self, value: str) -> str:
        """What stands in the place of a value of a forgotten person's own: equal for equal values."""
        return f"{ERASED}-{self._hash('token', value)[:12]}"

    def address_token(self, written: str) -> str:
        """An address that is nobody's. Another spelling of the same address gives another spelling of the same token."""
        normal = normal_address(written)
        name = ERASED
        if written != normal:
            # One of the other 63 ways to write these six letters, chosen by the spelling.
            bits = int(self._hash("spelling", written)[:8], 16) % 63 + 1
            name = "".join(letter.upper() if bits >> place & 1 else letter for place, letter in enumerate(ERASED))
        return f"{name}-{self._hash('token', normal)[:12]}@{ERASED_DOMAIN}"

    def without_addresses(self, text: str) -> str:
        """The text with the addresses of forgotten people replaced."""
        if "@" not in text and "%40" not in text:
            return text
        return _ADDRESS.sub(lambda found: self.address_token(found[0]) if self.holds_address(found[0]) else found[0], text)

    def without_any_address(self, text: str) -> str:
        """The text with every address in it replaced: for cells that are a forgotten person's own."""
        return _ADDRESS.sub(
            lambda found: found[0] if found[2].endswith(ERASED_DOMAIN) else self.address_token(found[0]), text
        )

    def without_names(self, text: str, speaks_of_them: bool = False) -> str:
        """The text with the full names of forgotten people replaced; those that others have too only where it speaks of them."""
        wanted = self.names | self.shared_names if speaks_of_them else self.names
        if not wanted:
            return text
        composed = unicodedata.normalize("NFC", text)
        words = list(_WORD.finditer(composed))
        if len(words) < min(self.name_lengths):
            return text
        for length in sorted(self.name_lengths, reverse=True):
            for start in range(len(words) - length + 1):
                window = words[start : start + length]
                if any(word[0][0].isdigit() for word in window):
                    continue
                if self._hash("name", normal_name(" ".join(word[0] for word in window))) in wanted:
                    first, last = window[0].start(), window[-1].end()
                    return self.without_names(
                        composed[:first] + self.token(composed[first:last]) + composed[last:], speaks_of_them
                    )
        return text

    def with_person(self, person: Person) -> Suppression:
        """The list with one more person on it."""
        hashes = frozenset(self._hash("name", name) for name in person.names)
        return replace(
            self,
            addresses=self.addresses | {self._hash("address", address) for address in person.addresses},
            records=self.records | {self._hash("record", _record(*record)) for record in person.records},
            names=self.names if person.is_name_shared else self.names | hashes,
            shared_names=self.shared_names | hashes if person.is_name_shared else self.shared_names,
            name_lengths=self.name_lengths | {len(name.split()) for name in person.names},
        )

    def with_erasure(self, erasure: Erasure) -> Suppression:
        """The list with this erasure told, in the place of what was told of it before."""
        others = tuple(known for known in self.erasures if known.reference != erasure.reference)
        return replace(self, erasures=(*others, erasure))

    def _hash(self, kind: str, value: str) -> str:
        return hmac.digest(self.key, f"{kind}\x1f{value}".encode(), "sha256").hex()


_PERSON, _SUPPRESSION = TypeAdapter(Person), TypeAdapter(Suppression)


def load_suppression(raw: Path) -> Suppression:
    """Read the list; an empty one, with a key that was never kept, where nobody was forgotten."""
    path = _folder(raw) / "people.json"
    if not path.is_file():
        return Suppression(secrets.token_bytes(32))
    return _SUPPRESSION.validate_json(path.read_bytes())


def save_suppression(suppression: Suppression, raw: Path) -> None:
    """Write the list, whole or not at all; only the owner can read it."""
    content = {
        "key": suppression.key.hex(),
        **{name: sorted(getattr(suppression, name)) for name in ("addresses", "records", "names", "shared_names")},
        "name_lengths": sorted(suppression.name_lengths),
        "erasures": [erasure.to_json() for erasure in suppression.erasures],
    }
    _write_private(_folder(raw) / "people.json", json.dumps(content, indent=1))


def unfinished_erasure(raw: Path) -> Person | None:
    """The person whose erasure was begun and not finished, if there is one."""
    path = _unfinished(raw)
    return _PERSON.validate_json(path.read_bytes()) if path.is_file() else None


def begin_erasure(person: Person, raw: Path) -> None:
    """Remember in plain words who is being erased, until it is done: an erasure that was killed is taken up with them."""
    _write_private(_unfinished(raw), _PERSON.dump_json(person).decode())


def end_erasure(raw: Path) -> None:
    """Forget in plain words too."""
    _unfinished(raw).unlink(missing_ok=True)


def new_reference() -> str:
    """A random name for an erasure: it says nothing of the person."""
    return secrets.token_hex(8)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def normal_address(address: str) -> str:
    """An address as it is compared: without case and the signs of a link."""
    return unicodedata.normalize("NFC", address.strip().replace("%40", "@")).casefold()


def normal_name(name: str) -> str:
    """A name as it is compared: its words, without case and punctuation."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", name).casefold()))


def addresses_in(text: str) -> Iterator[str]:
    """The addresses in a text, as they are compared."""
    for found in _ADDRESS.finditer(text):
        yield normal_address(found[0])


def full_names(parts: Iterable[str]) -> frozenset[str]:
    """Names of two words or more, each also turned around: `nora akhtar`, `akhtar nora`.

    A single word is no full name: it would be found in other people's rows and in words that are no names at all.
    """
    long_enough = {normal_name(part) for part in parts if len(part.split()) > 1 and ERASED not in part.casefold()}
    long_enough = {name for name in long_enough if not any(word[0].isdigit() for word in name.split())}
    return frozenset(
        " ".join([*words[start:], *words[:start]])
        for words in (name.split() for name in long_enough)
        for start in range(len(words))
    )


def normal_id(system: str, key: str) -> str:
    """A record's id as it is compared: the 15- and the 18-character form of Salesforce are one."""
    key = key.strip()
    return key[:15] if system == "salesforce" and _SALESFORCE_ID.fullmatch(key) else key


def _record(system: str, name: str, key: str) -> str:
    return f"{system}\x1f{name}\x1f{normal_id(system, key)}"


def _folder(raw: Path) -> Path:
    return raw / "forgotten"


def _unfinished(raw: Path) -> Path:
    return _folder(raw) / "under_way.json"


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with written_whole(path) as unfinished:
        unfinished.touch(mode=0o600)
        unfinished.write_text(text, encoding="utf-8")
