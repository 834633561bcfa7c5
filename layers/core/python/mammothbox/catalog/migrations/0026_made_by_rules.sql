-- By which rules the rows of `searchable` were made; without a number, by those before there were any.
-- Code that knows later ones has all of them made anew: a migration cannot ask for it, for until it
-- is through, the code before would answer.
CREATE TABLE catalog.searchable_rules (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    number integer NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON catalog.searchable_rules TO worker;

-- Of an exact duplicate, the original that lent its facts: nothing of it stays when it is erased.
ALTER TABLE catalog.searchable ADD COLUMN told_by uuid;
CREATE INDEX searchable_told_by ON catalog.searchable (owner, told_by, asset_id)
    WHERE told_by IS NOT NULL;
CREATE OR REPLACE VIEW owned.searchable AS
    SELECT * FROM catalog.searchable WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;
