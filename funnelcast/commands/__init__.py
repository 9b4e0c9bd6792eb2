"""The commands beside `run` and `serve`, one module each: flags and words. The work is done by the layers below."""
