"""The checks, one file per group of tables.

Belongs here: what must hold of which table, and the words for it. A file's `group` returns its checks.
Does not belong here: kinds of rule (rules.py), numbers (thresholds.py), running anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from quality.build_database import DeliveredObject
from quality.checks import Group
from quality.suites import (
    activity,
    bridge,
    change,
    dimensions,
    forecast,
    freshness,
    funnel,
    histories,
    leads,
    matching,
    opportunities,
    pipeline,
    process,
    qualification,
    raw,
    staging,
    targets,
    velocity,
    visits,
)
from quality.thresholds import Thresholds


def collect(thresholds: Thresholds, delivered: Sequence[DeliveredObject]) -> tuple[Group, ...]:
    """Every check of the gate, in the order in which data flows.

    Which raw views are looked at follows what was delivered; all else is the same for every build.
    """
    groups = (
        raw.group(thresholds, delivered),
        staging.group(thresholds),
        freshness.group(thresholds, delivered),
        dimensions.group(),
        matching.group(thresholds),
        opportunities.group(thresholds),
        visits.group(),
        histories.group(thresholds),
        funnel.group(),
        velocity.group(),
        pipeline.group(),
        bridge.group(),
        leads.group(),
        activity.group(thresholds),
        targets.group(),
        process.group(),
        forecast.group(),
        qualification.group(),
        change.group(),
    )
    names = [check.name for group in groups for check in group.checks]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"check names are unique; found twice: {', '.join(repeated)}")
    return groups
