"""The version of this software, where every layer may read it. Does not belong here: anything else."""

__version__ = "0.1.0"
