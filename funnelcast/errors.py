"""The errors a person can cause or must act on, each ending in one clear sentence and an exit code.

Belongs here: error types shared by the layers. Does not belong here: how they are printed (cli.py).
"""

from pathlib import Path


class FunnelcastError(Exception):
    """Something a person can understand and act on. Its text is one sentence; it is shown without a stack trace.

    ``exit_code`` follows the design: 1 the run failed, 2 bad settings or usage, 3 the gate refused.
    """

    exit_code = 1
    # True where threads may still be at work when it is raised, so that an orderly end of the process would wait for them.
    leaves_work_behind = False


class UsageError(FunnelcastError):
    """A flag, an environment variable or the config file is wrong; nothing was run."""

    exit_code = 2


class GateRefused(FunnelcastError):
    """The data cannot be trusted; what is published stays as it was."""

    exit_code = 3


class RunInProgress(FunnelcastError):
    """Another run holds this home."""


class UnwritableHome(FunnelcastError):
    """A folder of home cannot be made or written; which one, and why."""

    def __init__(self, folder: Path, error: OSError) -> None:
        # The first is raised for the folder itself, the second for one above it.
        is_in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
        reason = "a file stands in its way" if is_in_the_way else error.strerror or str(error)
        super().__init__(f"The folder {folder}, which a run writes to, cannot be written: {reason}.")
