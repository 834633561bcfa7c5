"""Which documents no query finds: the one rule, for those who look for them and who count them.

Conditions on the asset `a` that documents are of.
"""

# In the trash, or on its way out of there. One by one, for each has an index.
GONE = ("a.trashed_at IS NOT NULL", "a.purging_at IS NOT NULL")
# A duplicate that has documents all the same; there is none but in a collection that `has_copies`.
IS_COPY = "a.duplicate_of IS NOT NULL"
IS_GONE = "(" + " OR ".join(GONE) + ")"
IS_HIDDEN = "(" + IS_GONE + " OR " + IS_COPY + ")"
