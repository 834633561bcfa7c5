-- Groups of media that look alike, what people decided about them, and what is alike in a pair.

-- Sums of vectors are kept in fixed point: they come out the same in whatever order they are
-- added and taken away. The mean of a cluster is rounded from the sum, never from a mean.
CREATE FUNCTION public.fixed_point(v vector) RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(round(x::double precision * 16777216)::bigint ORDER BY n)
    FROM unnest(v::real[]) WITH ORDINALITY AS component (x, n)
$$;
-- a + times * b; an empty a is a sum of nothing.
CREATE FUNCTION public.add_up(a bigint[], b bigint[], times integer) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(coalesce(x, 0) + times * y ORDER BY n)
    FROM unnest(a, b) WITH ORDINALITY AS component (x, y, n)
$$;
CREATE FUNCTION public.mean_of(total bigint[], size integer) RETURNS halfvec
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg((x / 16777216.0::double precision / nullif(size, 0))::real ORDER BY n)::halfvec
    FROM unnest(total) WITH ORDINALITY AS component (x, n)
$$;

SET LOCAL search_path = catalog, public;

-- An owner's clusters as a whole. Who changes a membership locks this row first, before any
-- asset. A new edition is built beside the one in force and then takes its place at once.
CREATE TABLE clustering (
    owner             owner_name  PRIMARY KEY,
    edition           integer     NOT NULL DEFAULT 1,
    space_id          smallint    NOT NULL REFERENCES embedding_space (id),
    building          integer,
    building_space_id smallint    REFERENCES embedding_space (id),
    -- What is to be done next for the building, and behind which id.
    phase             text        NOT NULL DEFAULT 'carry'
        CHECK (phase IN ('carry', 'walk', 'tidy', 'match')),
    position          uuid,
    -- The greatest number an edition ever had: a building that was given up is not taken up.
    last_edition      integer     NOT NULL DEFAULT 1,
    CHECK (building > edition),
    CHECK (last_edition >= coalesce(building, edition)),
    CHECK ((building IS NULL) = (building_space_id IS NULL))
);

-- What stays of a cluster whatever its members are: its id, and what people said of it.
CREATE TABLE cluster (
    owner             owner_name  NOT NULL,
    id                uuid        NOT NULL,
    name              text        NOT NULL CHECK (name <> ''),
    name_source       text        NOT NULL DEFAULT 'machine' CHECK (name_source IN ('machine', 'hand')),
    -- How many members it had when it was last named.
    named_at_size     integer     NOT NULL DEFAULT 0,
    status            text        NOT NULL DEFAULT 'provisional'
        CHECK (status IN ('provisional', 'confirmed', 'merged')),
    merged_into       uuid,
    -- A hand said who belongs here: who had joined by then stays, whatever machines find, and
    -- the cluster is not merged with another that a hand has shaped, too.
    held_at           timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, id),
    FOREIGN KEY (owner, merged_into) REFERENCES cluster (owner, id),
    CHECK ((status = 'merged') = (merged_into IS NOT NULL))
);
CREATE UNIQUE INDEX cluster_name ON cluster (owner, name) WHERE status <> 'merged';

-- Where a cluster lies in the space of an edition. `trashed` of its `size` are in the trash.
CREATE TABLE cluster_shape (
    owner            owner_name NOT NULL,
    edition          integer    NOT NULL,
    cluster_id       uuid       NOT NULL,
    size             integer    NOT NULL CHECK (size >= 0),
    trashed          integer    NOT NULL DEFAULT 0 CHECK (trashed BETWEEN 0 AND size),
    total            bigint[]   NOT NULL,
    centroid         halfvec,
    threshold        real       NOT NULL CHECK (threshold BETWEEN -1 AND 1),
    threshold_source text       NOT NULL DEFAULT 'space' CHECK (threshold_source IN ('space', 'hand')),
    -- At the last measurement: the mean likeness of members to the centroid, how far the centroid
    -- had moved since the one before, and where it was.
    tightness        real,
    moved            real,
    measured         halfvec,
    measured_at      timestamptz,
    PRIMARY KEY (owner, edition, cluster_id),
    FOREIGN KEY (owner, cluster_id) REFERENCES cluster (owner, id),
    CHECK ((centroid IS NULL) = (size = 0))
) WITH (fillfactor = 85);
-- All centroids of an owner are compared with each new vector, so they lie beside each other.
ALTER TABLE cluster_shape ALTER COLUMN centroid SET STORAGE PLAIN;

-- Why an asset is where it is: how alike it was, how alike it had to be, and what came second.
CREATE TABLE membership (
    owner                owner_name  NOT NULL,
    edition              integer     NOT NULL,
    asset_id             uuid        NOT NULL,
    cluster_id           uuid        NOT NULL,
    similarity           real,
    threshold            real,
    runner_up            uuid,
    runner_up_similarity real,
    -- A hand put this very asset here; no machine takes it away.
    pinned               boolean     NOT NULL DEFAULT false,
    -- Its copy lies in the cluster's folder.
    placed               boolean     NOT NULL DEFAULT false,
    -- When it came in by itself or by a machine; hands that move it along leave it.
    joined_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, edition, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE,
    FOREIGN KEY (owner, cluster_id) REFERENCES cluster (owner, id)
);
CREATE INDEX membership_of_cluster ON membership (owner, edition, cluster_id, asset_id);
CREATE INDEX membership_to_place ON membership (owner, edition, asset_id) WHERE NOT placed;

-- Every human act, for ever. It can be undone until a later one that stands touches what it
-- touches, such as `name:<cluster>` or `members:<cluster>`, or needs it, or moves what it moved.
CREATE TABLE decision (
    number     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner      owner_name  NOT NULL,
    id         uuid        NOT NULL,
    action     text        NOT NULL,
    actor      text        NOT NULL,
    request_id text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    touches    text[]      NOT NULL,
    needs      text[]      NOT NULL DEFAULT '{}',
    -- The clusters it is about, for their history, and the assets that it moved.
    cluster_ids uuid[]     NOT NULL DEFAULT '{}',
    asset_ids  uuid[]      NOT NULL DEFAULT '{}',
    -- What an undo puts back.
    before     jsonb       NOT NULL DEFAULT '{}',
    detail     jsonb       NOT NULL DEFAULT '{}',
    undoes     uuid,
    UNIQUE (owner, id),
    UNIQUE (owner, undoes),
    FOREIGN KEY (owner, undoes) REFERENCES decision (owner, id)
);
CREATE INDEX decision_listed ON decision (owner, number DESC);
CREATE INDEX decision_of_cluster ON decision USING gin (cluster_ids);

CREATE FUNCTION decision_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION decision_is_append_only();

-- Two assets that must, or must not, share a cluster. The smaller id stands first.
CREATE TABLE link (
    owner   owner_name NOT NULL,
    id      uuid       NOT NULL,
    kind    text       NOT NULL CHECK (kind IN ('must', 'cannot')),
    asset_a uuid       NOT NULL,
    asset_b uuid       NOT NULL,
    PRIMARY KEY (owner, id),
    UNIQUE (owner, asset_a, asset_b),
    FOREIGN KEY (owner, asset_a) REFERENCES asset (owner, id) ON DELETE CASCADE,
    FOREIGN KEY (owner, asset_b) REFERENCES asset (owner, id) ON DELETE CASCADE,
    CHECK (asset_a < asset_b)
);
CREATE INDEX link_of_b ON link (owner, asset_b);

-- What could be merged or split, for a hand to decide. Made anew by each consolidation.
CREATE TABLE suggestion (
    owner       owner_name  NOT NULL,
    id          uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('merge', 'split')),
    cluster_ids uuid[]      NOT NULL,
    -- How alike the clusters, or the parts, are, and where the line is.
    similarity  real        NOT NULL,
    threshold   real        NOT NULL,
    detail      jsonb       NOT NULL DEFAULT '{}',
    made_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, id)
);

-- Work on all of an owner's things at once, done in pieces by one worker at a time. The row
-- goes when the work is done.
CREATE TABLE chore (
    owner       owner_name  NOT NULL,
    name        text        NOT NULL,
    due_at      timestamptz NOT NULL DEFAULT now(),
    -- Somebody asked again while it was being done.
    asked_again boolean     NOT NULL DEFAULT false,
    attempt     integer     NOT NULL DEFAULT 0,
    lease_until timestamptz,
    error       text,
    PRIMARY KEY (owner, name)
);
CREATE INDEX chore_due ON chore (due_at);

CREATE VIEW owned.clustering AS
    SELECT * FROM catalog.clustering WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.cluster AS
    SELECT * FROM catalog.cluster WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.cluster_shape AS
    SELECT * FROM catalog.cluster_shape WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.membership AS
    SELECT * FROM catalog.membership WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.decision AS
    SELECT * FROM catalog.decision WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.link AS
    SELECT * FROM catalog.link WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.suggestion AS
    SELECT * FROM catalog.suggestion WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.chore AS
    SELECT * FROM catalog.chore WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

GRANT SELECT, INSERT, UPDATE, DELETE ON owned.clustering, owned.cluster, owned.cluster_shape,
    owned.membership, owned.link, owned.suggestion, owned.chore TO app;
GRANT SELECT, INSERT ON owned.decision TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.clustering, catalog.cluster,
    catalog.cluster_shape, catalog.membership, catalog.link, catalog.suggestion,
    catalog.chore TO worker;
GRANT SELECT ON catalog.decision TO worker;
GRANT SELECT ON catalog.clustering, catalog.cluster, catalog.cluster_shape, catalog.membership,
    catalog.decision, catalog.chore TO operator;
GRANT INSERT, UPDATE ON catalog.chore TO operator;
