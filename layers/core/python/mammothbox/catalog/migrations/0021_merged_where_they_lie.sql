-- A merge moves no members. They stay on record in the cluster that they joined, and that leads,
-- as its root, to where they are now: two clusters of any size become one in the same time.

-- Undos after a rebuild could lead merges round in a circle, or members into a merged cluster. Such
-- clusters stand for themselves again.
UPDATE catalog.cluster c SET status = 'confirmed', merged_into = NULL, name = name || ' ' || id
    WHERE merged_into IS NOT NULL AND EXISTS (SELECT FROM catalog.cluster_shape s
        JOIN catalog.clustering k ON k.owner = s.owner AND s.edition IN (k.edition, k.building)
        WHERE s.owner = c.owner AND s.cluster_id = c.id AND s.size > 0);
WITH RECURSIVE way AS (
    SELECT owner, id FROM catalog.cluster WHERE merged_into IS NULL
    UNION ALL SELECT c.owner, c.id FROM catalog.cluster c
        JOIN way ON way.owner = c.owner AND way.id = c.merged_into)
UPDATE catalog.cluster c SET status = 'confirmed', merged_into = NULL, name = name || ' ' || id
    WHERE NOT EXISTS (SELECT FROM way WHERE way.owner = c.owner AND way.id = c.id);

-- Itself, or where the way of `merged_into` ends.
ALTER TABLE catalog.cluster ADD COLUMN root uuid;
WITH RECURSIVE way AS (
    SELECT owner, id, id AS root FROM catalog.cluster WHERE merged_into IS NULL
    UNION ALL SELECT c.owner, c.id, way.root FROM catalog.cluster c
        JOIN way ON way.owner = c.owner AND way.id = c.merged_into)
UPDATE catalog.cluster c SET root = way.root FROM way WHERE way.owner = c.owner AND way.id = c.id;
ALTER TABLE catalog.cluster
    ALTER COLUMN root SET NOT NULL,
    ADD FOREIGN KEY (owner, root) REFERENCES catalog.cluster (owner, id),
    ADD CHECK ((merged_into IS NULL) = (root = id)),
    -- It leads elsewhere than when its members were last looked at for where their copies lie.
    ADD COLUMN unsettled boolean NOT NULL DEFAULT false;
CREATE INDEX cluster_root ON catalog.cluster (owner, root);
CREATE INDEX cluster_merged_into ON catalog.cluster (owner, merged_into)
    WHERE merged_into IS NOT NULL;
CREATE INDEX cluster_unsettled ON catalog.cluster (owner) WHERE unsettled;

CREATE FUNCTION catalog.find_root() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = catalog, public, pg_temp AS $$
BEGIN
    NEW.root := coalesce((SELECT root FROM cluster
        WHERE owner = NEW.owner AND id = NEW.merged_into), NEW.id);
    IF TG_OP = 'UPDATE' THEN
        NEW.unsettled := NEW.unsettled OR NEW.root <> OLD.root;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cluster_finds_root BEFORE INSERT OR UPDATE OF merged_into ON catalog.cluster
    FOR EACH ROW EXECUTE FUNCTION catalog.find_root();

-- What was merged into it before goes along.
CREATE FUNCTION catalog.root_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = catalog, public, pg_temp AS $$
BEGIN
    WITH RECURSIVE beneath AS (
        SELECT id FROM cluster WHERE owner = NEW.owner AND merged_into = NEW.id
        UNION ALL SELECT c.id FROM cluster c
            JOIN beneath ON c.owner = NEW.owner AND c.merged_into = beneath.id)
    UPDATE cluster SET root = NEW.root, unsettled = true
        WHERE owner = NEW.owner AND id IN (SELECT id FROM beneath);
    RETURN NULL;
END $$;
CREATE TRIGGER cluster_root_follows AFTER UPDATE OF merged_into ON catalog.cluster
    FOR EACH ROW WHEN (OLD.root <> NEW.root) EXECUTE FUNCTION catalog.root_follows();

DROP VIEW owned.membership;
ALTER TABLE catalog.membership RENAME TO joined;
ALTER INDEX catalog.membership_pkey RENAME TO joined_pkey;
-- The cluster before the edition: whoever deletes a cluster has all editions looked through for it.
DROP INDEX catalog.membership_of_cluster;
CREATE INDEX joined_cluster ON catalog.joined (owner, cluster_id, edition, asset_id);
CREATE INDEX cluster_shape_cluster ON catalog.cluster_shape (owner, cluster_id);
ALTER INDEX catalog.membership_to_place RENAME TO joined_to_place;

-- Where each asset is now. How alike it was says nothing of a cluster that it came into by a merge.
CREATE VIEW catalog.membership AS
    SELECT j.owner, j.edition, j.asset_id, c.root AS cluster_id,
        CASE WHEN c.id = c.root THEN j.similarity END AS similarity,
        CASE WHEN c.id = c.root THEN j.threshold END AS threshold,
        CASE WHEN c.id = c.root THEN j.runner_up END AS runner_up,
        CASE WHEN c.id = c.root THEN j.runner_up_similarity END AS runner_up_similarity,
        j.pinned, j.placed AND NOT c.unsettled AS placed, j.joined_at
    FROM catalog.joined j JOIN catalog.cluster c ON c.owner = j.owner AND c.id = j.cluster_id;

CREATE VIEW owned.joined AS
    SELECT * FROM catalog.joined WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.membership AS
    SELECT * FROM catalog.membership WHERE owner = current_setting('app.owner');
CREATE OR REPLACE VIEW owned.cluster AS
    SELECT * FROM catalog.cluster WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

GRANT SELECT, INSERT, UPDATE, DELETE ON owned.joined TO app;
GRANT SELECT ON owned.membership TO app;
GRANT SELECT ON catalog.membership TO worker, operator;
