-- Where copies of originals lie in the library, by the clusters they belong to.

SET LOCAL search_path = catalog, public;

-- The row comes before the bytes and goes after them, so no copy lies where no row tells of it.
--   begun        a copy is being made here, or its making was cut short
--   placed       the asset's verified copy; at most one
--   old          of no use any more; the bytes are to be removed, then the row
--   no_original  nothing can be copied here: the original is not in its bucket
-- It does not refer to the asset: a copy that was begun may land after the asset was purged.
CREATE TABLE placement (
    owner      owner_name  NOT NULL,
    key        text        NOT NULL,
    asset_id   uuid        NOT NULL,
    cluster_id uuid        NOT NULL,
    state      text        NOT NULL DEFAULT 'begun'
        CHECK (state IN ('begun', 'placed', 'old', 'no_original')),
    -- When S3 was asked for it, for as long as an answer is outstanding.
    asked_at   timestamptz,
    PRIMARY KEY (owner, key)
);
CREATE INDEX placement_of_asset ON placement (owner, asset_id);
CREATE UNIQUE INDEX placement_in_force ON placement (owner, asset_id) WHERE state = 'placed';
CREATE INDEX placement_unfinished ON placement (owner, key) WHERE state IN ('begun', 'old');

CREATE VIEW owned.placement AS
    SELECT * FROM catalog.placement WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

-- A purge locks the rows, which takes the right to change them.
GRANT SELECT, UPDATE, DELETE ON owned.placement TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.placement TO worker;
GRANT SELECT ON catalog.placement TO operator;
