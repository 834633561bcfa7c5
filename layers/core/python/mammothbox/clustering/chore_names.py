"""The chores that clusters give rise to."""

from __future__ import annotations

# Names from what the members show by now.
NAME = "name"
# Copies of originals into the folders of their clusters.
PLACE = "place"
# What online assignment got wrong because of the order things came in; and measures of drift.
CONSOLIDATE = "consolidate"
# A new edition of all clusters, beside the one in force.
REBUILD = "rebuild"
# What earlier editions left.
SWEEP = "sweep"
