-- Lists by a tag hold it in whatever capitals it is written, as searches do.

CREATE INDEX tag_listed_alike
    ON catalog.tag (owner, lower(label), asset_created_at DESC, asset_id DESC);
DROP INDEX catalog.tag_listed;
