"""What `funnelcast init` does: recognise delivered files by their columns, and write a commented sales process from them."""
