-- What search looks at: one row per asset with everything it is found by, the words of documents,
-- and what a search leaves behind for its next page.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- Words as they are compared, in what is stored as in what is asked: without accents and signs,
-- in small letters, apart where letters meet digits. Of writing that puts no spaces between words
-- each sign is a word, so that any part of it is found as a phrase.
CREATE FUNCTION public.plain_words(written text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT btrim(lower(regexp_replace(regexp_replace(
        public.unaccent(written),
        '(?<=[[:alpha:]])(?=[[:digit:]])|(?<=[[:digit:]])(?=[[:alpha:]])'
        '|(?=[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])'
        '|(?<=[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])', ' ', 'g'),
        '[^[:alnum:]]+', ' ', 'g')))
$$;

-- The same of names, whose words often have but a capital between them: as they stand and, behind
-- that, apart at capitals. Who looks for them writes either.
CREATE FUNCTION public.name_words(written text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT public.plain_words(written || CASE WHEN parted <> written THEN ' ' || parted ELSE '' END)
    FROM regexp_replace(written, '(?<=[[:lower:]])(?=[[:upper:]])', ' ', 'g') AS parted
$$;

-- The language whose word forms are taken for one word, in what is stored as in what is asked.
-- `ALTER DATABASE … SET mammothbox.language = 'german'` changes it; then all has to be made anew.
CREATE FUNCTION public.search_language() RETURNS regconfig
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('mammothbox.language', true), ''), 'english')::regconfig
$$;

-- Plain words to be found as they stand, and in their other forms.
CREATE FUNCTION public.word_vector(plain text, weight "char") RETURNS tsvector
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('simple', plain)
        || to_tsvector(public.search_language(), plain), weight)
$$;

SET LOCAL search_path = catalog, public;

-- Everything an asset is found by. Made from the other tables, by `catalog/searchables.py`,
-- whenever one of an asset's stages ends or a person changes it.
CREATE TABLE searchable (
    owner       owner_name  NOT NULL,
    asset_id    uuid        NOT NULL,
    kind        text,
    created_at  timestamptz NOT NULL,
    -- When it was taken by the clock of that place; when it came, in UTC, if that is not known.
    at          timestamp   NOT NULL,
    latitude    double precision,
    longitude   double precision,
    size_bytes  bigint,
    duration_ms bigint,
    width       integer,
    height      integer,
    rating      smallint,
    -- What it is narrowed by in equal terms: 'tag:beach', 'camera:canon', 'has:caption'.
    facets      text[]      NOT NULL,
    words       tsvector    NOT NULL,
    -- In the trash, or being erased.
    hidden      boolean     NOT NULL,
    -- Another asset stands for it: it has the same bytes, or a person said so.
    duplicate   boolean     NOT NULL,
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);
-- These two hold all that the timeline and the map count by: of a million, reading the rows
-- themselves would take a second.
CREATE INDEX searchable_newest ON searchable (owner, at DESC, asset_id DESC)
    INCLUDE (kind, duplicate) WHERE NOT hidden;
CREATE INDEX searchable_place ON searchable (owner, latitude, longitude)
    INCLUDE (at, duplicate) WHERE latitude IS NOT NULL AND NOT hidden;
CREATE INDEX searchable_facets ON searchable USING gin (owner, facets);
CREATE INDEX searchable_words ON searchable USING gin (owner, words);

-- The words that an owner's assets have, to find what was meant by one that none has.
CREATE TABLE lexicon (
    owner owner_name NOT NULL,
    word  text       NOT NULL,
    PRIMARY KEY (owner, word)
);
-- Words that an asset had and has no more; whether another has them is looked up later.
CREATE TABLE lexicon_doubt (
    owner owner_name NOT NULL,
    id    bigint     NOT NULL GENERATED ALWAYS AS IDENTITY,
    word  text       NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE INDEX lexicon_like ON lexicon USING gin (owner, word gin_trgm_ops);

-- The words of JSON documents, written after the documents.
CREATE TABLE document_words (
    owner         owner_name NOT NULL,
    collection_id uuid       NOT NULL,
    document_id   uuid       NOT NULL,
    asset_id      uuid       NOT NULL,
    part          integer    NOT NULL,
    words         tsvector   NOT NULL,
    PRIMARY KEY (owner, collection_id, document_id),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);
CREATE INDEX document_words_of_part ON document_words (owner, asset_id, part);
CREATE INDEX document_words_found ON document_words USING gin (owner, words);
ALTER TABLE document_part
    ADD COLUMN words_written boolean NOT NULL DEFAULT false,
    -- Up to which document, while they are being written.
    ADD COLUMN words_to      uuid;
CREATE INDEX document_part_wordless ON document_part (owner, asset_id, part)
    WHERE NOT words_written AND documents IS NOT NULL;
INSERT INTO chore (owner, name) SELECT DISTINCT owner, 'words' FROM document_part
    ON CONFLICT DO NOTHING;

-- Vectors of what was asked, by the digest of the text, so that asking again needs no model.
CREATE TABLE query_vector (
    owner    owner_name  NOT NULL,
    space_id smallint    NOT NULL REFERENCES embedding_space (id),
    digest   bytea       NOT NULL,
    vector   vector      NOT NULL,
    used_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, space_id, digest)
);
ALTER TABLE query_vector ALTER COLUMN vector SET STORAGE PLAIN;
CREATE INDEX query_vector_used ON query_vector (used_at);

-- Where the making anew of every searchable stands: of those that were there before there were
-- any, and of all when another space becomes active. The row goes when it is done.
CREATE TABLE searchable_walk (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    after_owner text    NOT NULL DEFAULT '',
    after_id    uuid    NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO searchable_walk SELECT WHERE EXISTS (SELECT FROM asset);

-- What a search found, for its next pages. A crash may forget it: it lives ten minutes.
CREATE UNLOGGED TABLE frozen_search (
    owner      owner_name  NOT NULL,
    id         uuid        NOT NULL,
    digest     bytea       NOT NULL,
    found      jsonb       NOT NULL,
    -- Whether `found` is all that there will be, or the first of it.
    complete   boolean     NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE INDEX frozen_search_expired ON frozen_search (expires_at);

CREATE TABLE saved_search (
    owner      owner_name  NOT NULL,
    id         uuid        NOT NULL,
    name       text        NOT NULL CHECK (name <> ''),
    asked      jsonb       NOT NULL,
    -- Which ones the names of clusters in it meant when it was saved: a rename does not break it.
    clusters   jsonb       NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, id),
    UNIQUE (owner, name)
);

-- Trash and verdicts take effect at once. As the owner of the tables: whoever may hide an asset
-- need not be able to write what it is found by.
CREATE FUNCTION searchable_follows_asset() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = catalog, public, pg_temp AS $$
BEGIN
    UPDATE searchable s SET
        hidden = NEW.trashed_at IS NOT NULL OR NEW.purging_at IS NOT NULL,
        duplicate = is_duplicate(NEW.owner, NEW.id, NEW.duplicate_of)
        WHERE s.owner = NEW.owner AND s.asset_id = NEW.id;
    -- What yields to a keeper is shown again for as long as the keeper is not.
    UPDATE searchable s SET duplicate = is_duplicate(a.owner, a.id, a.duplicate_of)
        FROM duplicate p JOIN asset a ON a.owner = p.owner AND a.id = p.yielding
        WHERE p.owner = NEW.owner AND p.keeper = NEW.id AND p.state = 'confirmed'
        AND s.owner = a.owner AND s.asset_id = a.id;
    RETURN NULL;
END $$;
CREATE FUNCTION is_duplicate(owner text, asset_id uuid, duplicate_of uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = catalog, public, pg_temp AS $$
    SELECT $3 IS NOT NULL OR EXISTS (
        SELECT FROM duplicate p JOIN asset k ON k.owner = p.owner AND k.id = p.keeper
        AND k.trashed_at IS NULL AND k.purging_at IS NULL
        WHERE p.owner = $1 AND p.yielding = $2 AND p.state = 'confirmed')
$$;
CREATE TRIGGER searchable_follows
    AFTER UPDATE OF trashed_at, purging_at, duplicate_of ON asset FOR EACH ROW
    WHEN ((OLD.trashed_at, OLD.purging_at, OLD.duplicate_of)
        IS DISTINCT FROM (NEW.trashed_at, NEW.purging_at, NEW.duplicate_of))
    EXECUTE FUNCTION searchable_follows_asset();

CREATE FUNCTION searchable_follows_verdict() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = catalog, public, pg_temp AS $$
BEGIN
    UPDATE searchable s SET duplicate = is_duplicate(a.owner, a.id, a.duplicate_of)
        FROM asset a WHERE a.owner = NEW.owner AND a.id IN (NEW.asset_a, NEW.asset_b)
        AND s.owner = a.owner AND s.asset_id = a.id;
    RETURN NULL;
END $$;
CREATE TRIGGER searchable_follows
    AFTER UPDATE OF state, keeper ON duplicate FOR EACH ROW
    WHEN ((OLD.state, OLD.keeper)
        IS DISTINCT FROM (NEW.state, NEW.keeper))
    EXECUTE FUNCTION searchable_follows_verdict();

CREATE VIEW owned.searchable AS
    SELECT * FROM catalog.searchable WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.lexicon AS
    SELECT * FROM catalog.lexicon WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.lexicon_doubt AS
    SELECT * FROM catalog.lexicon_doubt WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.document_words AS
    SELECT * FROM catalog.document_words WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.query_vector AS
    SELECT * FROM catalog.query_vector WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.frozen_search AS
    SELECT * FROM catalog.frozen_search WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.saved_search AS
    SELECT * FROM catalog.saved_search WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

GRANT SELECT, INSERT, UPDATE ON owned.searchable, owned.lexicon TO app;
GRANT DELETE ON owned.lexicon TO app;
GRANT SELECT, INSERT, DELETE ON owned.lexicon_doubt TO app;
GRANT SELECT ON owned.document_words TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON owned.query_vector, owned.frozen_search,
    owned.saved_search TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.searchable, catalog.lexicon,
    catalog.lexicon_doubt, catalog.document_words, catalog.query_vector, catalog.frozen_search,
    catalog.saved_search,
    catalog.searchable_walk TO worker;
-- What a keeper got from others it is found by, too.
GRANT SELECT ON catalog.united TO worker;
-- Operators say which space is active.
GRANT SELECT, INSERT, UPDATE ON catalog.searchable_walk TO operator;
