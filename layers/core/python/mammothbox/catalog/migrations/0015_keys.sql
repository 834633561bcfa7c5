-- Keys are made, listed and revoked by request, and say when they were last presented.

SET LOCAL search_path = catalog, public;

-- To the hour: a key is presented with every request, and not every request shall write.
ALTER TABLE api_key ADD COLUMN last_used_at timestamptz;
CREATE INDEX api_key_of_owner ON api_key (owner, id);

-- Whoever works for one owner neither makes a key that reaches across owners nor sees one.
CREATE VIEW owned.api_key AS
    SELECT * FROM catalog.api_key
    WHERE owner = current_setting('app.owner') AND role <> 'operator'
    WITH CASCADED CHECK OPTION;

-- A hash is put down and looked up; nobody reads it.
GRANT SELECT (id, owner, role, name, created_at, expires_at, last_used_at, revoked_at),
    INSERT (id, owner, role, name, key_hash, expires_at), UPDATE (revoked_at)
    ON owned.api_key TO app;
GRANT SELECT (id, owner, role, name, created_at, expires_at, last_used_at, revoked_at),
    INSERT (id, owner, role, name, key_hash, expires_at), UPDATE (revoked_at)
    ON catalog.api_key TO operator;

CREATE OR REPLACE FUNCTION owned.authenticate(presented bytea)
RETURNS TABLE (id uuid, owner text, role text, expired boolean, revoked boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    found catalog.api_key;
BEGIN
    SELECT * INTO found FROM catalog.api_key WHERE key_hash = presented;
    IF found.id IS NULL THEN
        RETURN;
    END IF;
    IF found.revoked_at IS NULL AND (found.expires_at > now()) IS NOT FALSE
        AND (found.last_used_at > now() - interval '1 hour') IS NOT TRUE THEN
        -- Whoever holds the row just now revokes it, or notes the same.
        UPDATE catalog.api_key SET last_used_at = now() WHERE api_key.id = (
            SELECT k.id FROM catalog.api_key k WHERE k.id = found.id FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY SELECT found.id, found.owner::text, found.role,
        coalesce(found.expires_at <= now(), false), found.revoked_at IS NOT NULL;
END $$;
