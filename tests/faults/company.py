"""A company that delivers files, runs nights by the command, and reads what was published.

Belongs here: what tests of whole runs share. Does not belong here: what is delivered, and what must come of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from funnelcast.settings import Settings
from publishing.certificate import read_certificate
from publishing.reader import open_published

PUBLISHED, FAILED, USAGE, REFUSED = 0, 1, 2, 3


@dataclass
class Company:
    """A company whose last night was published."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def config(self) -> Path:
        return self.folder / "sales_process.yml"

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, landing=self.landing, config=self.config)

    @property
    def arguments(self) -> list[str]:
        return ["run", "--home", str(self.home), "--landing", str(self.landing), "--config", str(self.config)]

    def deliver(self, name: str, content: str | bytes) -> Path:
        path = self.landing / "generic" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *flags: str) -> Answer:
        """One night, in this process."""
        return run_here([*self.arguments, *flags])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the published database."""
        with open_published(self.home) as connection:
            return connection.execute(sql).fetchall()

    def failed_checks(self) -> dict[str, list[str]]:
        """The checks of the last verdict that are not green, with their examples."""
        verdict = json.loads(self.settings.verdict_file.read_text(encoding="utf-8"))
        return {check["check"]: check["examples"] for check in verdict["checks"] if check["status"] != "passed"}

    def copy(self, folder: Path) -> Company:
        shutil.copytree(self.folder, folder, symlinks=True)
        return Company(folder)

    def digests(self) -> dict[str, str]:
        return {name: told["digest"] for name, told in read_certificate(self.home / "published")["tables"].items()}

    def published(self) -> dict[str, str]:
        """Every byte that people can read, and where the link leads."""
        found = {"-> ": str((self.home / "published").readlink())}
        for path in sorted((self.home / "releases").rglob("*")):
            name = path.relative_to(self.home).as_posix()
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        return found


@dataclass
class Answer:
    """What the command answered."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The words on stderr without their line breaks."""
        return " ".join(self.err.split())


def run_here(arguments: list[str], environment: dict[str, str] | None = None) -> Answer:
    """Run the command in this process: what is imported already need not be imported again for each mistake."""
    from command.cli import answer

    out, err = io.StringIO(), io.StringIO()
    before_environment, before_arguments = dict(os.environ), sys.argv
    os.environ.update(environment or {})
    sys.argv = ["funnelcast", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code, _ = answer()
    finally:
        sys.argv = before_arguments
        os.environ.clear()
        os.environ.update(before_environment)
    return Answer(code, out.getvalue(), err.getvalue())


def assert_is_for_people(answer: Answer, one_line: bool = False) -> None:
    """P6: no stack trace, no name of an exception; a mistake in a setting is one line."""
    for trace in ("Traceback", "Error:", "Exception", 'File "'):
        assert trace not in answer.err
        assert trace not in answer.out
    if one_line:
        assert answer.err.count("\n") == 1, answer.err
        assert answer.err.startswith("funnelcast: ")
