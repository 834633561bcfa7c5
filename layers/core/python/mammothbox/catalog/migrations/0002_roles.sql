-- Four roles. `app` faces clients and has no right on any table: it sees views that show one
-- owner, named by `app.owner` for the length of a transaction. `worker` works on the tables
-- and names the owner in each statement. `operator` looks across owners. `ddl` can touch
-- nothing but the schema `collections`.
--
-- Roles belong to the server and not to a database, so another database may have made them.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['app', 'worker', 'operator', 'ddl'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO app, worker, operator, ddl;

CREATE VIEW owned.job AS
    SELECT * FROM catalog.job WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.asset_raw AS
    SELECT * FROM catalog.asset_raw WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.asset AS
    SELECT * FROM catalog.asset WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.stage AS
    SELECT * FROM catalog.stage WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.lineage AS
    SELECT * FROM catalog.lineage WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
CREATE VIEW owned.outbox AS
    SELECT * FROM catalog.outbox WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

-- A key is looked up before its owner is known; this is the only door past the views.
CREATE FUNCTION owned.authenticate(presented bytea)
RETURNS TABLE (id uuid, owner text, role text, expired boolean, revoked boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = catalog AS $$
    SELECT id, owner, role, coalesce(expires_at <= now(), false), revoked_at IS NOT NULL
    FROM catalog.api_key WHERE key_hash = presented
$$;
REVOKE ALL ON FUNCTION owned.authenticate(bytea) FROM PUBLIC;

GRANT USAGE ON SCHEMA owned TO app;
GRANT EXECUTE ON FUNCTION owned.authenticate(bytea) TO app;
GRANT SELECT, INSERT, UPDATE ON owned.job, owned.outbox TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON owned.asset_raw, owned.asset, owned.stage TO app;
GRANT SELECT, INSERT ON owned.lineage TO app;

GRANT USAGE ON SCHEMA catalog TO worker, operator;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON catalog.job, catalog.asset_raw, catalog.asset, catalog.stage, catalog.outbox, catalog.sweep
    TO worker;
GRANT SELECT, INSERT ON catalog.lineage TO worker;

GRANT SELECT ON catalog.job, catalog.asset_raw, catalog.asset, catalog.stage, catalog.lineage,
    catalog.outbox TO operator;
GRANT UPDATE ON catalog.stage, catalog.asset, catalog.outbox TO operator;
GRANT INSERT ON catalog.lineage TO operator;

GRANT USAGE, CREATE ON SCHEMA collections TO ddl;

-- The same SQL serves the views and the tables: the role decides which of them it means.
ALTER ROLE app SET search_path = owned, public;
ALTER ROLE worker SET search_path = catalog, public;
ALTER ROLE operator SET search_path = catalog, public;
ALTER ROLE ddl SET search_path = collections, public;
