-- How fast work ends, and what failed, each told from an index; and what an owner has, told to
-- operators, too.

SET LOCAL search_path = catalog, public;

CREATE INDEX stage_ended ON stage (owner, finished_at) INCLUDE (name, state, milliseconds)
    WHERE finished_at IS NOT NULL;
CREATE INDEX stage_unsuccessful ON stage (owner, name, error_code, finished_at, asset_id)
    INCLUDE (state, retryable) WHERE state IN ('failed', 'dead');

GRANT SELECT ON catalog.derivative, catalog.token_use TO operator;
