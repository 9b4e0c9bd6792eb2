"""From delivered files to the raw store, with every row accounted for. Knows files, not the meaning of what they say."""
