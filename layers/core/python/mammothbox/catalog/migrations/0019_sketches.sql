-- What is nearest among tens of thousands of clusters is looked for in two steps: by the signs of
-- each centroid, 64 bytes for 512 numbers, and then by the centroids of the few that agree most.
-- The sketches stand apart: reading them among the centroids would be reading the centroids.

CREATE TABLE catalog.cluster_sketch (
    owner      catalog.owner_name NOT NULL,
    edition    integer            NOT NULL,
    cluster_id uuid               NOT NULL,
    signs      bit varying        NOT NULL,
    PRIMARY KEY (owner, edition, cluster_id),
    FOREIGN KEY (owner, edition, cluster_id) REFERENCES catalog.cluster_shape
        ON DELETE CASCADE ON UPDATE CASCADE
) WITH (fillfactor = 85);

INSERT INTO catalog.cluster_sketch (owner, edition, cluster_id, signs)
    SELECT owner, edition, cluster_id, binary_quantize(centroid)
    FROM catalog.cluster_shape WHERE centroid IS NOT NULL;

-- As the owner of the tables: whoever moves a centroid need not be able to write its sketch.
CREATE FUNCTION catalog.sketch_follows_centroid() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = catalog, public, pg_temp AS $$
BEGIN
    IF NEW.centroid IS NULL THEN
        DELETE FROM cluster_sketch s WHERE s.owner = NEW.owner
            AND s.edition = NEW.edition AND s.cluster_id = NEW.cluster_id;
    ELSE
        INSERT INTO cluster_sketch AS s (owner, edition, cluster_id, signs)
            VALUES (NEW.owner, NEW.edition, NEW.cluster_id, binary_quantize(NEW.centroid))
            ON CONFLICT (owner, edition, cluster_id) DO UPDATE SET signs = EXCLUDED.signs
            WHERE s.signs <> EXCLUDED.signs;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER sketch_follows AFTER INSERT OR UPDATE OF centroid ON catalog.cluster_shape
    FOR EACH ROW EXECUTE FUNCTION catalog.sketch_follows_centroid();

CREATE VIEW owned.cluster_sketch AS
    SELECT * FROM catalog.cluster_sketch WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
GRANT SELECT ON owned.cluster_sketch TO app;
GRANT SELECT ON catalog.cluster_sketch TO worker;
