"""Guards the assumption of quality/side_by_side.py: what a fork did, raised or left undone is known to the process that waits."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from quality.side_by_side import ForkFailed, in_a_fork

# More than a pipe holds at once.
_MUCH = 1_000_000


def _die() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def _fail() -> int:
    raise ValueError("the words of the error")


def test_what_the_fork_returns_comes_back_and_it_was_another_process() -> None:
    with in_a_fork(lambda: (os.getpid(), "x" * _MUCH)) as wait:
        process, text = wait()
    assert process != os.getpid()
    assert len(text) == _MUCH


def test_what_the_fork_raises_is_told() -> None:
    with in_a_fork(_fail) as wait, pytest.raises(ForkFailed, match="ValueError: the words of the error"):
        wait()


def test_a_fork_that_dies_is_no_answer() -> None:
    with in_a_fork(_die) as wait, pytest.raises(ForkFailed, match="-9"):
        wait()


def test_work_that_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    began, ended = tmp_path / "began", tmp_path / "ended"

    def work() -> None:
        began.touch()
        time.sleep(1)
        ended.touch()

    with in_a_fork(work):
        while not began.exists():
            time.sleep(0.01)
    time.sleep(1.2)
    assert not ended.exists()
