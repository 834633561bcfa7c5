-- What is known of pictures, videos and sounds: facts, derivatives, vectors, tags, captions.

SET LOCAL search_path = catalog, public;

-- Ready does not wait for an optional stage, and an asset does not fail with it.
ALTER TABLE stage ADD COLUMN optional boolean NOT NULL DEFAULT false;
-- What matters is woken first, however much is being filled beside it.
DROP INDEX stage_never_woken;
CREATE INDEX stage_never_woken ON stage (optional, queued_at)
    WHERE state = 'queued' AND woken_at IS NULL;
ALTER TABLE asset ADD COLUMN rating smallint CHECK (rating BETWEEN 0 AND 5);

-- Vectors are comparable within one space: a model with its weights. One space is active; a
-- space that is filling gets a vector of everything that arrives, as the active one does.
CREATE TABLE embedding_space (
    id             smallint    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text        NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,99}$'),
    model          text        NOT NULL,
    weights_sha256 text        NOT NULL,
    dimension      integer     NOT NULL CHECK (dimension > 0),
    state          text        NOT NULL DEFAULT 'known'
        CHECK (state IN ('known', 'filling', 'active', 'retired')),
    -- How alike a tag has to be in this space, and on what that was measured.
    calibration    jsonb,
    created_at     timestamptz NOT NULL DEFAULT now(),
    activated_at   timestamptz
);
CREATE UNIQUE INDEX embedding_space_active ON embedding_space (state) WHERE state = 'active';

CREATE TABLE media (
    owner            owner_name       NOT NULL,
    asset_id         uuid             NOT NULL,
    width            integer,
    height           integer,
    orientation      smallint,
    frames           integer,
    duration_ms      bigint,
    -- The clock where it was taken; its offset from UTC only if the file tells it.
    taken_at         timestamp,
    taken_offset_min smallint,
    latitude         double precision,
    longitude        double precision,
    altitude         double precision,
    camera           jsonb,
    video_codec      text,
    audio_codec      text,
    bit_rate         bigint,
    title            text,
    artist           text,
    album            text,
    everything       jsonb            NOT NULL,
    phash            bit(64),
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE,
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CREATE INDEX media_taken ON media (owner, taken_at) WHERE taken_at IS NOT NULL;
CREATE INDEX media_place ON media (owner, latitude, longitude) WHERE latitude IS NOT NULL;

-- The bytes are at derived/<asset_id>/<name> in the library bucket.
CREATE TABLE derivative (
    owner        owner_name NOT NULL,
    asset_id     uuid       NOT NULL,
    name         text       NOT NULL,
    content_type text       NOT NULL,
    width        integer    NOT NULL,
    height       integer    NOT NULL,
    size_bytes   integer    NOT NULL,
    PRIMARY KEY (owner, asset_id, name),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);

-- Frame 0 is the asset's own vector; the key frames of a video follow, with their time.
CREATE TABLE embedding (
    owner    owner_name NOT NULL,
    asset_id uuid       NOT NULL,
    space_id smallint   NOT NULL REFERENCES embedding_space (id),
    frame    smallint   NOT NULL,
    at_ms    bigint,
    vector   vector     NOT NULL,
    PRIMARY KEY (owner, asset_id, space_id, frame),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);
-- Out of line, an exact scan would fetch every vector by itself.
ALTER TABLE embedding ALTER COLUMN vector SET STORAGE PLAIN;

-- What machines and hands say an asset shows. `space` is empty unless vectors of it said so.
-- `asset_created_at` is the asset's own, so that a list by tag is read in the list's order.
CREATE TABLE tag (
    owner            owner_name  NOT NULL,
    asset_id         uuid        NOT NULL,
    label            text        NOT NULL CHECK (label <> ''),
    source           text        NOT NULL
        CHECK (source IN ('zero-shot', 'caption', 'metadata', 'hand')),
    space            text        NOT NULL DEFAULT '',
    score            real,
    -- What the label is a kind of, the nearest first, when the vocabulary knows it.
    hypernyms        text[]      NOT NULL DEFAULT '{}',
    asset_created_at timestamptz NOT NULL,
    PRIMARY KEY (owner, asset_id, label, source, space),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);
CREATE INDEX tag_listed ON tag (owner, label, asset_created_at DESC, asset_id DESC);

-- What hands said about tags. It stands whatever machines say later.
CREATE TABLE tag_by_hand (
    owner    owner_name  NOT NULL,
    asset_id uuid        NOT NULL,
    label    text        NOT NULL,
    present  boolean     NOT NULL,
    actor    text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id, label),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);

-- The vectors of the labels, once per space and edition of the vocabulary.
CREATE TABLE vocabulary (
    space_id smallint NOT NULL REFERENCES embedding_space (id),
    digest   text     NOT NULL,
    label    text     NOT NULL,
    vector   vector   NOT NULL,
    PRIMARY KEY (space_id, digest, label)
);

CREATE TABLE caption (
    owner        owner_name  NOT NULL,
    asset_id     uuid        NOT NULL,
    caption      text        NOT NULL,
    visible_text text        NOT NULL,
    model        text        NOT NULL,
    tokens       integer     NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);

-- What captions cost an owner, by day. What is reserved counts until it is settled.
CREATE TABLE token_use (
    owner    owner_name NOT NULL,
    day      date       NOT NULL,
    reserved bigint     NOT NULL DEFAULT 0,
    spent    bigint     NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, day)
);
CREATE TABLE token_reservation (
    owner    owner_name NOT NULL,
    asset_id uuid       NOT NULL,
    day      date       NOT NULL,
    tokens   bigint     NOT NULL CHECK (tokens >= 0),
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);

-- A reservation ends when it is settled, and with its asset.
CREATE FUNCTION reservation_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalog.token_use SET reserved = reserved - OLD.tokens
        WHERE owner = OLD.owner AND day = OLD.day;
    RETURN NULL;
END $$;
CREATE TRIGGER ended AFTER DELETE ON token_reservation
    FOR EACH ROW EXECUTE FUNCTION reservation_ended();

CREATE OR REPLACE VIEW owned.asset AS
    SELECT * FROM catalog.asset WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE OR REPLACE VIEW owned.stage AS
    SELECT * FROM catalog.stage WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.media AS
    SELECT * FROM catalog.media WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.derivative AS
    SELECT * FROM catalog.derivative WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.embedding AS
    SELECT * FROM catalog.embedding WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.tag AS
    SELECT * FROM catalog.tag WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.tag_by_hand AS
    SELECT * FROM catalog.tag_by_hand WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.caption AS
    SELECT * FROM catalog.caption WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.token_use AS
    SELECT * FROM catalog.token_use WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
-- Spaces belong to the house and to no owner.
CREATE VIEW owned.embedding_space AS SELECT * FROM catalog.embedding_space;

GRANT SELECT ON owned.media, owned.derivative, owned.embedding, owned.caption, owned.token_use,
    owned.embedding_space TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON owned.tag, owned.tag_by_hand TO app;

GRANT SELECT, INSERT, UPDATE, DELETE
    ON catalog.media, catalog.derivative, catalog.embedding, catalog.tag, catalog.vocabulary,
    catalog.caption, catalog.token_use, catalog.token_reservation
    TO worker;
GRANT SELECT ON catalog.tag_by_hand, catalog.embedding_space TO worker;

GRANT SELECT ON catalog.embedding, catalog.embedding_space, catalog.media TO operator;
GRANT INSERT ON catalog.stage TO operator;
GRANT UPDATE ON catalog.embedding_space TO operator;
