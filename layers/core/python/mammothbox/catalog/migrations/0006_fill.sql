-- A space is filled, and a fill that was called off is cleared up, piece by piece.

SET LOCAL search_path = catalog, public;

-- The last walk over all assets on behalf of a space: to queue what it lacks, or to take back
-- what waits for it. It goes on until `ended_at`; a new one takes the place of the one before.
CREATE TABLE space_walk (
    space_id    smallint    PRIMARY KEY REFERENCES embedding_space (id),
    aim         text        NOT NULL CHECK (aim IN ('fill', 'clear')),
    request_id  text        NOT NULL,
    -- All intake that may not have seen what state the space is in now has ended.
    known       boolean     NOT NULL DEFAULT false,
    -- The asset that was looked at last, in the order of the table's key.
    after_owner text        NOT NULL DEFAULT '',
    after_id    uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    looked_at   bigint      NOT NULL DEFAULT 0,
    begun_at    timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);

GRANT SELECT, INSERT, UPDATE ON space_walk TO operator;
GRANT SELECT, UPDATE ON space_walk TO worker;

-- Filling was all that an operator made stages for.
REVOKE INSERT ON stage FROM operator;
