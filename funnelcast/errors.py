"""The errors a person can cause or must act on, each ending in one clear sentence and an exit code.

Belongs here: error types shared by the layers. Does not belong here: how they are printed (cli.py).
"""


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
