"""Two pieces of work at the same time, on two cores.

Belongs here: a forked process that does one piece and hands back what it returned. Great Expectations spends its seconds in
Python, which uses one core however many threads it has; a fork has it imported already.
Does not belong here: what the work is (gate.py).
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TypeVar

Found = TypeVar("Found")


class ForkFailed(Exception):
    """The forked process raised something, or ended without an answer: killed, or out of memory."""


@contextmanager
def in_a_fork(work: Callable[[], Found]) -> Iterator[Callable[[], Found]]:
    """Begin the work in a forked process; the function given waits for it and returns what it returned, or raises `ForkFailed`.

    To be entered while no database is open and no thread runs but numpy's (it knows of forks), since a fork takes neither along
    whole. What is returned must be something that can be pickled. Left early, the work is ended.
    """
    fork = multiprocessing.get_context("fork")
    answers, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=_do, args=(work, answers, theirs), daemon=True)
    process.start()
    # The fork holds the other end alone: when it dies, reading ends.
    theirs.close()

    def wait() -> Found:
        try:
            is_done, answer = answers.recv()
        except EOFError as error:
            process.join()
            raise ForkFailed(f"a process of the gate died (exit code {process.exitcode})") from error
        if not is_done:
            raise ForkFailed(answer)
        found: Found = answer
        return found

    try:
        yield wait
    finally:
        answers.close()
        process.kill()
        process.join()


def _do(work: Callable[[], Found], answers: Connection, theirs: Connection) -> None:
    # Else a fork whose parent was killed would wait for ever for itself to read.
    answers.close()
    try:
        answer: tuple[bool, object] = (True, work())
    except Exception as error:  # noqa: BLE001 - told to the process that waits, which raises it
        # Not every exception can be pickled.
        answer = (False, "".join(traceback.format_exception_only(error)))
    theirs.send(answer)
