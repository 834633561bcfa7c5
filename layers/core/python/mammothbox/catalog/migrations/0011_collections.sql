-- Collections of JSON documents: where they came from, what is known of their fields, and which
-- table was proposed for them.
--
-- The documents of a collection lie in a table of its own, `collections.docs_<name>_<id8>`, which
-- role `ddl` makes and owns, and so does the typed table once one is approved. Role `app` sees
-- them through views of the same names in the schema `collected`, each of which is empty for
-- everyone but the collection's owner. A dry run takes place in the schema `scratch`.

CREATE SCHEMA collected;
CREATE SCHEMA scratch;
GRANT USAGE, CREATE ON SCHEMA collected, scratch TO ddl;
GRANT USAGE ON SCHEMA collected TO app;
GRANT USAGE ON SCHEMA collections TO worker;
-- A table's name is enough: each role finds the table or its view.
ALTER ROLE app SET search_path = owned, collected, public;
ALTER ROLE worker SET search_path = catalog, collections, public;
-- One transaction both makes a table and puts it on record: `worker` turns into `ddl` for the
-- statements that were generated, and has none of its rights otherwise.
GRANT ddl TO worker WITH INHERIT FALSE, SET TRUE;

SET LOCAL search_path = catalog, public;

CREATE TABLE collection (
    owner         owner_name  NOT NULL,
    id            uuid        NOT NULL,
    name          text        NOT NULL CHECK (name <> ''),
    -- Whether somebody named it or its documents did, by their structure.
    origin        text        NOT NULL CHECK (origin IN ('named', 'structure')),
    -- The key paths that its first documents had.
    key_paths     text[]      NOT NULL DEFAULT '{}',
    docs_table    text        NOT NULL UNIQUE,
    documents     bigint      NOT NULL DEFAULT 0 CHECK (documents >= 0),
    -- What is known of the fields, added up part by part; stale once documents were taken away.
    profile       jsonb,
    profile_stale boolean     NOT NULL DEFAULT false,
    -- An asset that was taken back out of the trash may be a duplicate with documents of its own.
    has_copies    boolean     NOT NULL DEFAULT false,
    -- Documents came or went since the schema was last thought about.
    reconsider    boolean     NOT NULL DEFAULT false,
    contract      text        NOT NULL DEFAULT 'evolve'
        CHECK (contract IN ('evolve', 'freeze', 'discard_value', 'discard_row')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, id),
    UNIQUE (owner, name)
);
CREATE INDEX collection_to_reconsider ON collection (owner, id) WHERE reconsider;

-- A piece of a file: its bytes of the source, which is the original or an unpacked part of it.
CREATE TABLE document_part (
    owner         owner_name NOT NULL,
    asset_id      uuid       NOT NULL,
    part          integer    NOT NULL,
    collection_id uuid       NOT NULL,
    -- The name of the derivative that holds the part; NULL is the original itself.
    unpacked      text,
    first_byte    bigint     NOT NULL,
    end_byte      bigint     NOT NULL,
    documents     integer,
    refused       integer,
    -- By the contract of the collection.
    kept_out      integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, asset_id, part),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE,
    FOREIGN KEY (owner, collection_id) REFERENCES collection (owner, id)
);
CREATE INDEX document_part_of_collection ON document_part (owner, collection_id, asset_id);

-- Documents that could not be kept, each by its place in the file; of each part the first ones.
CREATE TABLE document_refusal (
    owner    owner_name NOT NULL,
    asset_id uuid       NOT NULL,
    part     integer    NOT NULL,
    position bigint     NOT NULL,
    code     text       NOT NULL,
    detail   text       NOT NULL,
    PRIMARY KEY (owner, asset_id, part, position),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE
);

-- A proposal, and what became of it. `proving`: its dry run is to come. `building`: approved, and
-- the table is being filled. `undoing`: its table is to be dropped.
CREATE TABLE schema_def (
    owner          owner_name  NOT NULL,
    id             uuid        NOT NULL,
    collection_id  uuid        NOT NULL,
    version        integer     NOT NULL CHECK (version > 0),
    status         text        NOT NULL DEFAULT 'proving' CHECK (status IN ('proving', 'provisional',
        'building', 'active', 'undoing', 'rejected', 'superseded', 'rolled_back', 'failed')),
    storage        text        NOT NULL CHECK (storage IN ('sql', 'jsonb')),
    structure_hash text        NOT NULL,
    score          real        NOT NULL,
    rationale      jsonb       NOT NULL,
    profile        jsonb       NOT NULL,
    -- The table as data, and what a person put in place of what was found.
    design         jsonb,
    overrides      jsonb       NOT NULL DEFAULT '{}',
    changes        jsonb       NOT NULL DEFAULT '[]',
    table_name     text,
    ddl            text        NOT NULL DEFAULT '',
    ddl_sha256     text        NOT NULL,
    dry_run        jsonb,
    -- How far the table is filled, by document id.
    filled_to      uuid,
    error          text,
    decided_by     text,
    decided_at     timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, id),
    UNIQUE (owner, collection_id, version),
    FOREIGN KEY (owner, collection_id) REFERENCES collection (owner, id)
);
-- One table at most stands for a collection, and one proposal at most waits for a word.
CREATE UNIQUE INDEX schema_def_in_force ON schema_def (owner, collection_id)
    WHERE status IN ('building', 'active', 'undoing');
CREATE UNIQUE INDEX schema_def_waiting ON schema_def (owner, collection_id)
    WHERE status IN ('proving', 'provisional');
CREATE INDEX schema_def_busy ON schema_def (owner, status)
    WHERE status IN ('proving', 'building', 'undoing');

CREATE VIEW owned.collection AS
    SELECT * FROM catalog.collection WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.document_part AS
    SELECT * FROM catalog.document_part WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.document_refusal AS
    SELECT * FROM catalog.document_refusal WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.schema_def AS
    SELECT * FROM catalog.schema_def WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

GRANT SELECT, UPDATE ON owned.collection, owned.schema_def TO app;
GRANT INSERT ON owned.schema_def TO app;
GRANT SELECT ON owned.document_part, owned.document_refusal TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.collection, catalog.document_part,
    catalog.document_refusal, catalog.schema_def TO worker;
GRANT SELECT ON catalog.collection, catalog.document_part, catalog.document_refusal,
    catalog.schema_def TO operator;
