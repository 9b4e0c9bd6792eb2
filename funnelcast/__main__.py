"""`python -m funnelcast`: the command, where it is not on the path."""

from funnelcast.cli import main

main()
