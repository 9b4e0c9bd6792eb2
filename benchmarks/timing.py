"""Timing one command as a whole process, from outside."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """One run of a command. ``largest_process_mb`` is the peak memory of the largest process so far, by the kernel's account."""

    command: tuple[str, ...]
    exit_code: int
    output: str
    wall_seconds: float
    largest_process_mb: float

    def demand_success(self) -> Measured:
        """Return itself. Raises `RuntimeError` with the command's last words if it failed: a failed run has no time."""
        if self.exit_code != 0:
            raise RuntimeError(f"{' '.join(self.command)} ended with {self.exit_code}:\n{self.output[-2000:]}")
        return self


def measured(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Measured:
    """Run the command once and measure it."""
    began = time.perf_counter()
    done = subprocess.run(
        list(command),
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Measured(tuple(command), done.returncode, done.stdout, wall, peak)
