-- Pictures that are the same picture in other bytes: how they are found, and what people say.

SET LOCAL search_path = catalog, public;

-- What a picture is found by: the bits of its perceptual hash, in parts that each have an index.
-- Hashes that differ in at most 12 bits differ in at most 2 bits of one of the first three parts
-- or in at most 3 of the last: beyond that it is 3 + 3 + 3 + 4 bits, which is more.
CREATE TABLE fingerprint (
    owner    owner_name NOT NULL,
    asset_id uuid       NOT NULL,
    phash    bit(64)    NOT NULL,
    part_a   integer    NOT NULL GENERATED ALWAYS AS (substring(phash, 1, 15)::bit(15)::integer) STORED,
    part_b   integer    NOT NULL GENERATED ALWAYS AS (substring(phash, 16, 15)::bit(15)::integer) STORED,
    part_c   integer    NOT NULL GENERATED ALWAYS AS (substring(phash, 31, 16)::bit(16)::integer) STORED,
    part_d   integer    NOT NULL GENERATED ALWAYS AS (substring(phash, 47, 18)::bit(18)::integer) STORED,
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
)
-- A look-up reads thousands of entries from the indexes alone, as long as the visibility map is
-- fresh; otherwise it goes to the table for each.
WITH (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX fingerprint_a ON fingerprint (owner, part_a) INCLUDE (phash, asset_id);
CREATE INDEX fingerprint_b ON fingerprint (owner, part_b) INCLUDE (phash, asset_id);
CREATE INDEX fingerprint_c ON fingerprint (owner, part_c) INCLUDE (phash, asset_id);
CREATE INDEX fingerprint_d ON fingerprint (owner, part_d) INCLUDE (phash, asset_id);

-- The picture in few pixels, and how much there is to see in it: what the hash does not tell.
-- Apart from the fingerprint, whose table is to stay small.
CREATE TABLE miniature (
    owner    owner_name NOT NULL,
    asset_id uuid       NOT NULL,
    detail   real       NOT NULL,
    pixels   bytea      NOT NULL,
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);

-- Two assets that look like the same picture, and why. The smaller id stands first. `suggested`
-- is the one worth keeping; `keeper` is the one that was chosen.
CREATE TABLE duplicate (
    owner      owner_name  NOT NULL,
    id         uuid        NOT NULL,
    asset_a    uuid        NOT NULL,
    asset_b    uuid        NOT NULL,
    state      text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'dismissed')),
    -- As `clustering.sameness` measures them.
    distance   smallint    NOT NULL CHECK (distance BETWEEN 0 AND 64),
    features   real        NOT NULL,
    cosine     real        NOT NULL,
    colours    real,
    detail     real,
    suggested  uuid        NOT NULL,
    reason     text        NOT NULL,
    keeper     uuid,
    yielding   uuid        GENERATED ALWAYS AS (
        CASE keeper WHEN asset_a THEN asset_b WHEN asset_b THEN asset_a END) STORED,
    found_at   timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    decision   uuid,
    PRIMARY KEY (owner, id),
    UNIQUE (owner, asset_a, asset_b),
    FOREIGN KEY (owner, decision) REFERENCES decision (owner, id),
    FOREIGN KEY (owner, asset_a) REFERENCES asset (owner, id) ON DELETE CASCADE,
    FOREIGN KEY (owner, asset_b) REFERENCES asset (owner, id) ON DELETE CASCADE,
    CHECK (asset_a < asset_b),
    CHECK (suggested IN (asset_a, asset_b)),
    CHECK (keeper IN (asset_a, asset_b)),
    CHECK ((state = 'confirmed') = (keeper IS NOT NULL)),
    CHECK ((state = 'open') = (decision IS NULL)),
    CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX duplicate_listed ON duplicate (owner, state, id);
CREATE INDEX duplicate_of_b ON duplicate (owner, asset_b);
CREATE INDEX duplicate_kept ON duplicate (owner, keeper) WHERE state = 'confirmed';
CREATE INDEX duplicate_yielding ON duplicate (owner, yielding) WHERE state = 'confirmed';
-- Exact duplicates stand in the same list.
CREATE INDEX asset_duplicate_listed ON asset (owner, id) WHERE duplicate_of IS NOT NULL;

-- What a keeper got from the one that yields to it, and what it had before. It is the keeper's
-- from then on, and goes when the confirmation is undone, or with the keeper.
CREATE TABLE united (
    owner            owner_name  NOT NULL,
    duplicate_id     uuid        NOT NULL,
    keeper           uuid        NOT NULL,
    yielding         uuid        NOT NULL,
    at               timestamptz NOT NULL DEFAULT now(),
    rating_before    smallint,
    rating           smallint,
    comments_before  text,
    comments         text,
    -- Words of hands that came over, and machines' tags that such a word took away.
    hand_tags        jsonb       NOT NULL DEFAULT '[]',
    tags_taken       jsonb       NOT NULL DEFAULT '[]',
    -- What the keeper's own file does not tell.
    taken_at         timestamp,
    taken_offset_min smallint,
    latitude         double precision,
    longitude        double precision,
    altitude         double precision,
    camera           jsonb,
    PRIMARY KEY (owner, duplicate_id),
    FOREIGN KEY (owner, keeper) REFERENCES asset (owner, id) ON DELETE CASCADE,
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CREATE INDEX united_of_keeper ON united (owner, keeper, at);

CREATE VIEW owned.fingerprint AS
    SELECT * FROM catalog.fingerprint WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.miniature AS
    SELECT * FROM catalog.miniature WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.duplicate AS
    SELECT * FROM catalog.duplicate WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.united AS
    SELECT * FROM catalog.united WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

GRANT SELECT ON owned.fingerprint, owned.miniature TO app;
GRANT SELECT, UPDATE ON owned.duplicate TO app;
GRANT SELECT, INSERT, DELETE ON owned.united TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.fingerprint, catalog.miniature, catalog.duplicate
    TO worker;
GRANT SELECT ON catalog.fingerprint, catalog.duplicate TO operator;
