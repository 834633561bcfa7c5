-- The catalogue: who asked for what, what arrived, what became of it, and what is still to do.
--
-- Tables live in the schema `catalog`. Functions that face clients see them only through the
-- views of the schema `owned` (see 0002), so every row says its owner, and every key begins
-- with it: no statement can reach a row without naming whose it is.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE SCHEMA catalog;
CREATE SCHEMA owned;
CREATE SCHEMA collections;

SET LOCAL search_path = catalog, public;

CREATE DOMAIN owner_name AS text CHECK (VALUE ~ '^[a-z0-9][a-z0-9_-]{0,62}$');
CREATE DOMAIN sha256_hex AS text CHECK (VALUE ~ '^[0-9a-f]{64}$');

-- One request: what one call, or one drop, brought.
CREATE TABLE job (
    owner           owner_name  NOT NULL,
    id              uuid        NOT NULL,
    request_id      text        NOT NULL,
    source          text        NOT NULL CHECK (source IN ('upload', 'ingest', 'drop')),
    comments        text,
    idempotency_key text,
    request_digest  bytea,
    objects         integer     NOT NULL CHECK (objects > 0),
    settled         integer     NOT NULL DEFAULT 0,
    failed          integer     NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    PRIMARY KEY (owner, id),
    UNIQUE (owner, idempotency_key),
    CHECK (failed <= settled AND settled <= objects),
    CHECK ((finished_at IS NOT NULL) = (settled = objects))
);

-- The immutable identity of bytes in the raw bucket. A client declares, intake observes once.
CREATE TABLE asset_raw (
    owner                 owner_name  NOT NULL,
    id                    uuid        NOT NULL,
    bucket                text        NOT NULL,
    key                   text        NOT NULL,
    version_id            text,
    declared_content_type text,
    declared_size         bigint      CHECK (declared_size > 0),
    declared_sha256       sha256_hex,
    multipart_upload_id   text,
    multipart_part_size   bigint,
    size_bytes            bigint,
    sha256                sha256_hex,
    crc64nvme             text,
    observed_at           timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, id),
    UNIQUE NULLS NOT DISTINCT (bucket, key, version_id)
);

CREATE FUNCTION asset_raw_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.observed_at IS NOT NULL THEN
        RAISE EXCEPTION 'asset_raw % was observed and never changes again', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.owner, NEW.id, NEW.bucket, NEW.key, NEW.created_at)
       IS DISTINCT FROM (OLD.owner, OLD.id, OLD.bucket, OLD.key, OLD.created_at) THEN
        RAISE EXCEPTION 'the identity of asset_raw % never changes', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER immutable BEFORE UPDATE ON asset_raw
    FOR EACH ROW EXECUTE FUNCTION asset_raw_is_immutable();

-- What the library holds. Several assets may share one raw object (`already_stored`).
CREATE TABLE asset (
    owner           owner_name  NOT NULL,
    id              uuid        NOT NULL,
    job_id          uuid        NOT NULL,
    ordinal         integer     NOT NULL,
    raw_id          uuid        NOT NULL,
    status          text        NOT NULL CHECK (status IN
        ('awaiting_upload', 'queued', 'processing', 'ready', 'duplicate', 'failed')),
    kind            text        CHECK (kind IN ('image', 'video', 'audio', 'json', 'other')),
    filename        text,
    content_type    text,
    size_bytes      bigint,
    sha256          sha256_hex,
    verified        boolean     NOT NULL DEFAULT false,
    duplicate_of    uuid,
    collection      text,
    comments        text,
    error_code      text,
    error_detail    text,
    error_retryable boolean,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    settled_at      timestamptz,
    trashed_at      timestamptz,
    purging_at      timestamptz,
    PRIMARY KEY (owner, id),
    FOREIGN KEY (owner, job_id) REFERENCES job (owner, id),
    FOREIGN KEY (owner, raw_id) REFERENCES asset_raw (owner, id),
    FOREIGN KEY (owner, duplicate_of) REFERENCES asset (owner, id),
    CHECK ((status = 'duplicate') = (duplicate_of IS NOT NULL)),
    CHECK ((status = 'failed') = (error_code IS NOT NULL))
);

CREATE INDEX asset_job ON asset (owner, job_id, ordinal);
CREATE INDEX asset_raw_of ON asset (owner, raw_id);
CREATE INDEX asset_duplicates ON asset (owner, duplicate_of, created_at) WHERE duplicate_of IS NOT NULL;
CREATE INDEX asset_awaiting ON asset (created_at) WHERE status = 'awaiting_upload';
CREATE INDEX asset_purging ON asset (purging_at) WHERE purging_at IS NOT NULL;

-- Of the live assets of one owner with the same verified bytes, one is the original.
CREATE UNIQUE INDEX asset_original ON asset (owner, sha256)
    WHERE verified AND duplicate_of IS NULL AND trashed_at IS NULL AND purging_at IS NULL;
CREATE INDEX asset_sha256 ON asset (owner, sha256, created_at) WHERE sha256 IS NOT NULL;

-- One index per way of narrowing a list; each ends in the list's order.
CREATE INDEX asset_newest       ON asset (owner, created_at DESC, id DESC);
CREATE INDEX asset_by_kind      ON asset (owner, kind, created_at DESC, id DESC);
CREATE INDEX asset_by_status    ON asset (owner, status, kind, created_at DESC, id DESC);
CREATE INDEX asset_by_type      ON asset (owner, content_type, status, created_at DESC, id DESC);
CREATE INDEX asset_by_collection ON asset (owner, collection, created_at DESC, id DESC)
    WHERE collection IS NOT NULL;
CREATE INDEX asset_trash        ON asset (owner, created_at DESC, id DESC)
    WHERE trashed_at IS NOT NULL;

-- The state machine: one row per piece of work. This table is also the outbox of wake-ups.
-- `attempt` only ever grows, so it fences off a worker whose lease has lapsed; a replay gives
-- a new budget by moving `revived_at_attempt` up to it.
CREATE TABLE stage (
    owner              owner_name  NOT NULL,
    asset_id           uuid        NOT NULL,
    name               text        NOT NULL,
    space              text        NOT NULL DEFAULT '',
    part               integer     NOT NULL DEFAULT 0,
    state              text        NOT NULL CHECK (state IN
        ('queued', 'running', 'done', 'failed', 'dead', 'skipped')),
    attempt            integer     NOT NULL DEFAULT 0,
    revived_at_attempt integer     NOT NULL DEFAULT 0,
    request_id         text        NOT NULL,
    queued_at          timestamptz NOT NULL DEFAULT now(),
    woken_at           timestamptz,
    lease_until        timestamptz,
    started_at         timestamptz,
    finished_at        timestamptz,
    milliseconds       integer,
    cost_usd           numeric(12, 6),
    error_code         text,
    error_detail       text,
    retryable          boolean,
    PRIMARY KEY (owner, asset_id, name, space, part),
    FOREIGN KEY (owner, asset_id) REFERENCES asset (owner, id) ON DELETE CASCADE,
    CHECK ((state = 'running') = (lease_until IS NOT NULL))
);

CREATE INDEX stage_never_woken ON stage (queued_at) WHERE state = 'queued' AND woken_at IS NULL;
CREATE INDEX stage_leased ON stage (lease_until) WHERE state = 'running';
CREATE INDEX stage_dead ON stage (name, finished_at) WHERE state = 'dead';

-- What happened, for ever. Holds ids and codes only, so it outlives a purge.
CREATE TABLE lineage (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner      owner_name  NOT NULL,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    request_id text        NOT NULL,
    job_id     uuid,
    raw_id     uuid,
    asset_id   uuid,
    event      text        NOT NULL,
    stage      text,
    attempt    integer,
    actor      text        NOT NULL,
    detail     jsonb       NOT NULL DEFAULT '{}'
);

CREATE INDEX lineage_of_asset ON lineage (owner, asset_id, id);

CREATE FUNCTION lineage_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lineage is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lineage
    FOR EACH STATEMENT EXECUTE FUNCTION lineage_is_append_only();

-- Events for the outside, written with what they tell of and published after the commit.
CREATE TABLE outbox (
    id         uuid        PRIMARY KEY,
    owner      owner_name  NOT NULL,
    type       text        NOT NULL,
    request_id text        NOT NULL,
    detail     jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz
);

CREATE INDEX outbox_unsent ON outbox (created_at) WHERE sent_at IS NULL;

CREATE TABLE api_key (
    id         uuid        PRIMARY KEY,
    owner      owner_name  NOT NULL,
    role       text        NOT NULL CHECK (role IN ('viewer', 'uploader', 'admin', 'operator')),
    name       text        NOT NULL,
    key_hash   bytea       NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

-- Where the janitor's walk through the drop folder stands.
CREATE TABLE sweep (
    name     text PRIMARY KEY,
    position text NOT NULL
);
