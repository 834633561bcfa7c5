-- Names of collections are as query texts are read: in Unicode's form NFC, with single spaces and
-- without signs that nobody sees. A name that is nothing but such signs stays as it is, and so does
-- one that is longer when it is read than a name may be.

CREATE FUNCTION pg_temp.as_read(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(read) BETWEEN 1 AND 128 THEN read ELSE name END
    FROM btrim(regexp_replace(
        normalize(regexp_replace(name, '[\ufeff\u202a-\u202e\u2066-\u2069]', '', 'g'), NFC),
        '[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+', ' ', 'g')) AS read
$$;

-- Two collections whose names become one stay two, for each has its own table: the later one gets
-- a number behind its name.
CREATE TEMP TABLE renamed (owner text, name text, called text) ON COMMIT DROP;
DO $$
DECLARE
    one record;
    called text;
    number integer;
BEGIN
    FOR one IN SELECT owner, id, name, pg_temp.as_read(name) AS read FROM catalog.collection
        WHERE name <> pg_temp.as_read(name) ORDER BY owner, created_at, id
    LOOP
        called := one.read;
        number := 1;
        WHILE EXISTS (SELECT FROM catalog.collection c
            WHERE c.owner = one.owner AND c.name = called)
        LOOP
            number := number + 1;
            called := rtrim(left(one.read, 120)) || ' ' || number;
        END LOOP;
        UPDATE catalog.collection SET name = called WHERE owner = one.owner AND id = one.id;
        INSERT INTO renamed VALUES (one.owner, one.name, called);
    END LOOP;
END $$;

-- Search looks at the names, too: all it looks at is made anew if any changed.
WITH changed AS (
    UPDATE catalog.asset a SET collection = coalesce((SELECT r.called FROM renamed r
            WHERE r.owner = a.owner AND r.name = a.collection AND a.kind = 'json'),
            pg_temp.as_read(a.collection))
        WHERE a.collection <> pg_temp.as_read(a.collection) RETURNING 1)
INSERT INTO catalog.searchable_walk SELECT WHERE EXISTS (SELECT FROM changed)
    ON CONFLICT (one) DO UPDATE
    SET after_owner = excluded.after_owner, after_id = excluded.after_id;
-- Groups of equal bytes stay what they are; one whose place is taken keeps the name it has.
UPDATE catalog.asset a SET sent_to = r.called FROM renamed r
    WHERE a.owner = r.owner AND a.sent_to = r.name AND NOT EXISTS (SELECT FROM catalog.asset o
        WHERE o.owner = a.owner AND o.sha256 = a.sha256 AND o.sent_to = r.called);
