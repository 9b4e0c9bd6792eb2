"""`python -m funnelcast`: the command, where it is not on the path."""

from command.cli import main

main()
