"""Put off what Great Expectations imports and the gate never uses.

Belongs here: one measured saving. Great Expectations imports scipy.stats for two expectations about distributions, a
quarter of its seconds; none of our checks is one of them. The standard library's lazy loader lets the name stand in, and
loads the module for real the moment anything looks into it, so that nothing can be wrong, only later.
"""

from __future__ import annotations

import importlib.util
import sys

_NEVER_USED_BY_THE_GATE = "scipy.stats"


def defer_unused() -> None:
    """Let the module be loaded when it is first looked into. Does nothing if it is loaded already or not installed."""
    if _NEVER_USED_BY_THE_GATE in sys.modules:
        return
    spec = importlib.util.find_spec(_NEVER_USED_BY_THE_GATE)
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NEVER_USED_BY_THE_GATE] = module
    spec.loader.exec_module(module)
    # `from scipy import stats` asks the package; asking the import system would load the module at once.
    parent, _, name = _NEVER_USED_BY_THE_GATE.rpartition(".")
    setattr(sys.modules[parent], name, module)
