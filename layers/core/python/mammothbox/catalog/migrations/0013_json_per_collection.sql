-- The same JSON sent to two collections is documents of both: equal bytes have an original in
-- each. Assets from before stay in the one group of their bytes, which stands for the collection
-- that its original is in.

SET LOCAL search_path = catalog, public;

-- Of JSON, the collection that its group of equal bytes is about, once it is verified; '' is
-- wherever its structure leads, and stands for everything that is no JSON.
ALTER TABLE asset ADD COLUMN sent_to text NOT NULL DEFAULT '';
DROP INDEX asset_original;
CREATE UNIQUE INDEX asset_original ON asset (owner, sha256, sent_to)
    WHERE verified AND duplicate_of IS NULL AND trashed_at IS NULL AND purging_at IS NULL;

CREATE OR REPLACE VIEW owned.asset AS
    SELECT * FROM catalog.asset WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
