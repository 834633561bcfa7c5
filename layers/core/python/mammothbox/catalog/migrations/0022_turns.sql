-- When its schema was last begun to be thought about: whose proposal fails comes behind the others.
ALTER TABLE catalog.collection ADD COLUMN considered_at timestamptz;
