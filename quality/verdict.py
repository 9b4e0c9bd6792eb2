"""The gate's verdict on one build: what every check found, and digests of the tables it was given for.

Belongs here: the verdict, its words for passed, failed and errored, and its file.
Does not belong here: how checks are run (gate.py), or what follows from a verdict (publishing/).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from funnelcast.errors import FunnelcastError
from funnelcast.whole_files import write_whole
from quality.checks import Severity

Status = Literal["passed", "failed", "errored"]


class UnreadableVerdictError(FunnelcastError):
    """The verdict's file is missing, or is not one that this version wrote."""


@dataclass(frozen=True)
class CheckResult:
    """What one check found. `errored` means that it could not be asked, and says nothing about the data."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    check: str
    table: str
    group: str
    severity: Severity
    status: Status
    unexpected_rows: int | None
    total_rows: int | None
    # Ids of offending rows, a few; never people's data.
    examples: tuple[str, ...]
    description: str
    advice: str
    error: str | None = None

    @property
    def refuses(self) -> bool:
        """Whether this result alone keeps the build from being published."""
        return self.status == "errored" or (self.status == "failed" and self.severity == "refuse")


@dataclass(frozen=True)
class Verdict:
    """The gate's word on one build. Only `passed` may be published."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    build_id: str
    status: Status
    checks: tuple[CheckResult, ...]
    # Every table of schema marts, by name.
    table_digests: dict[str, str]
    decided_at: str

    def refusing(self) -> tuple[CheckResult, ...]:
        """The results that keep this build from being published, in the order of the checks."""
        return tuple(result for result in self.checks if result.refuses)

    def to_json(self) -> str:
        """Write the verdict as one JSON document."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Verdict:
        """Read what `to_json` wrote; raises `UnreadableVerdictError` on anything else."""
        try:
            verdict = _VERDICT.validate_json(text)
        except ValidationError as error:
            what = error.errors()[0]["msg"]
            raise UnreadableVerdictError(f"The gate's verdict cannot be read ({what}); run the gate again.") from error
        if verdict.status != decide(verdict.checks):
            raise UnreadableVerdictError(
                f"The gate's verdict says {verdict.status}, but its checks say {decide(verdict.checks)}; run the gate again."
            )
        return verdict

    def write(self, path: Path) -> None:
        """Write the verdict's file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, self.to_json())

    @classmethod
    def read(cls, path: Path) -> Verdict:
        """Read a verdict's file; raises `UnreadableVerdictError` if there is none."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UnreadableVerdictError(f"{path}: there is no verdict of the gate ({error.strerror}).") from error
        return cls.from_json(text)


_VERDICT = TypeAdapter(Verdict)


def decide(checks: Iterable[CheckResult]) -> Status:
    """Settle the whole from its parts: what could not be asked weighs more than what was answered badly.

    No checks at all is errored too: a gate that asked nothing has no verdict to give.
    """
    results = tuple(checks)
    if not results or any(result.status == "errored" for result in results):
        return "errored"
    return "failed" if any(result.refuses for result in results) else "passed"
