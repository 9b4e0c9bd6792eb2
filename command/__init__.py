"""The command `funnelcast`: flags, exit codes and what is printed, a module for each command beside `run` and `serve` (cli.py).

Does not belong here: any work. It is done by the layers below.
"""
