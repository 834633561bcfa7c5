-- What searches read beside the words of each asset: the names of clusters as words, so that their
-- members are found by them, and tags, the surest first.

SET LOCAL search_path = catalog, public;

ALTER TABLE cluster ADD COLUMN words tsvector;
UPDATE cluster SET words = word_vector(name_words(name), 'A');
ALTER TABLE cluster ALTER COLUMN words SET NOT NULL;
CREATE INDEX cluster_words ON cluster USING gin (owner, words) WHERE status <> 'merged';
-- Their names still lead to what they were merged into.
CREATE INDEX cluster_merged_name ON cluster (owner, lower(name)) WHERE status = 'merged';

-- Whoever names a cluster, by whatever statement.
CREATE FUNCTION name_cluster_words() RETURNS trigger
LANGUAGE plpgsql SET search_path = catalog, public AS $$
BEGIN
    NEW.words := word_vector(name_words(NEW.name), 'A');
    RETURN NEW;
END $$;
CREATE TRIGGER cluster_words BEFORE INSERT OR UPDATE OF name ON cluster
    FOR EACH ROW EXECUTE FUNCTION name_cluster_words();

CREATE OR REPLACE VIEW owned.cluster AS
    SELECT * FROM catalog.cluster WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

CREATE INDEX tag_best ON tag (owner, lower(label), coalesce(score, 1) DESC, asset_id DESC);

-- API Gateway hangs up after 29 s; nobody is there for what takes longer.
ALTER ROLE app SET statement_timeout = '28s';
