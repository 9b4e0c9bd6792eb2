"""Speed and memory, as ratios to a floor timed in the same run. Outside pytest: these machines are noisy, a test would lie."""
