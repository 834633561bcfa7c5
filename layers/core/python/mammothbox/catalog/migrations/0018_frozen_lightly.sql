-- What searches found is kept for ten minutes, and lost to nobody's harm: a walk through its pages
-- that a crash of the server cuts short begins anew. So it is not written ahead, no commit waits
-- for the disk because of it, and no time is spent on making it small.

ALTER TABLE catalog.frozen_search SET UNLOGGED;
ALTER TABLE catalog.frozen_search ALTER COLUMN found SET STORAGE EXTERNAL;
