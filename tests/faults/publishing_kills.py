"""A program that publishes again and again and is killed each time, started by test_publishing_kills.py.

Belongs here: the killing, and telling what readers would have found after each kill.
Does not belong here: what may be found (the test).

Every attempt is a process of its own (a fork of this one, which opens no database itself) and dies of a real
SIGKILL: `steps` kills it at each call that changes the file system, one later each time, always from the same
home, until an attempt gets through; `moments` kills it after random times, so also in the midst of what
DuckDB writes, on top of what the ones before left.

Prints a JSON line per attempt: how it ended, which build is published, and what is wrong with any release.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from publishing_home import STARTED_AT, files_wrong, make_build, settings_of, what_is_wrong

from publishing.certificate import read_certificate
from publishing.release import publish
from publishing.swap import RELEASES_KEPT

# What changes the file system from Python. Of those that are called for every file, a few are like all.
_CHANGES = (
    "os.rename",
    "os.symlink",
    "os.link",
    "os.mkdir",
    "os.rmdir",
    "open",
    "os.chmod",
    "os.utime",
    "os.remove",
)
_FOR_EVERY_FILE = ("os.chmod", "os.utime", "os.remove")
_FEW = 3


def main() -> None:
    how, home, seed, attempts = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    _in_a_process(partial(_prepare, home))
    if how == "steps":
        _kill_at_every_step(home)
    else:
        _kill_at_random_moments(home, random.Random(seed), attempts)


def _prepare(home: Path) -> None:
    """Two finished builds to choose from, and as many releases of the first as are kept."""
    for marker, run_id in enumerate(("run-a", "run-b"), start=1):
        make_build(home, run_id, marker)
        shutil.copytree(home / "build", home.parent / run_id)
    _take(home, "run-a")
    for _ in range(RELEASES_KEPT):
        publish(settings_of(home), "run-a", STARTED_AT)


def _kill_at_every_step(home: Path) -> None:
    _take(home, "run-b")
    untouched = home.with_name("untouched")
    shutil.copytree(home, untouched, symlinks=True)
    for step in count(1):
        shutil.rmtree(home)
        shutil.copytree(untouched, home, symlinks=True)
        ended = _in_a_process(partial(_publish_until, step, home))
        _report(home, "run-b", ended, f"step {step}")
        if ended == 0:
            return


def _kill_at_random_moments(home: Path, chance: random.Random, attempts: int) -> None:
    started = time.monotonic()
    _in_a_process(partial(publish, settings_of(home), "run-a", STARTED_AT))
    usual = time.monotonic() - started
    for attempt in range(attempts):
        run_id = "run-b" if attempt % 2 else "run-a"
        _take(home, run_id)
        wait = chance.uniform(0, usual)
        ended = _in_a_process(partial(publish, settings_of(home), run_id, STARTED_AT), kill_after=wait)
        _report(home, run_id, ended, f"after {wait:.3f} s of {usual:.3f}")


def _publish_until(step: int, home: Path) -> None:
    """Publish, and die at the given call that changes the file system."""
    seen: Counter[str] = Counter()

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event not in _CHANGES or (event == "open" and arguments[1] not in ("w", "a+", "ab+")):
            return
        seen[event] += 1
        if event in _FOR_EVERY_FILE and seen[event] > _FEW:
            return
        seen["steps"] += 1
        if seen["steps"] == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    publish(settings_of(home), "run-b", STARTED_AT)


def _take(home: Path, run_id: str) -> None:
    shutil.rmtree(home / "build")
    shutil.copytree(home.parent / run_id, home / "build")


def _in_a_process(work: Callable[[], object], kill_after: float | None = None) -> int:
    """Do the work in a fork. Returns 0, the exit code, or the number of the signal that killed it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _report(home: Path, run_id: str, ended: int, when: str) -> None:
    def look() -> None:
        published = read_certificate(home / "published")["run_id"]
        releases = [path for path in (home / "releases").iterdir() if not path.name.startswith(".")]
        wrongs = (what_is_wrong(home), *map(files_wrong, releases))
        told = {
            "when": when,
            "run": run_id,
            "ended": ended,
            "published": published,
            "wrong": next(filter(None, wrongs), None),
        }
        print(json.dumps(told), flush=True)

    if _in_a_process(look) != 0:
        print(
            json.dumps({"when": when, "run": run_id, "ended": ended, "wrong": "it cannot be read"}),
            flush=True,
        )


if __name__ == "__main__":
    main()
