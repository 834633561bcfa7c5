-- Clients order captions again, within their owner's budget; and what was reserved for a caption
-- is free again once its stage has ended, however it ended.

SET LOCAL search_path = catalog, public;

CREATE VIEW owned.token_reservation AS
    SELECT * FROM catalog.token_reservation WHERE owner = current_setting('app.owner')
    WITH CASCADED CHECK OPTION;

GRANT INSERT, UPDATE ON owned.token_use TO app;
GRANT SELECT, INSERT, DELETE ON owned.token_reservation TO app;

-- `app` ends reservations of its owner, and has no right to the table that counts them.
ALTER FUNCTION reservation_ended() SECURITY DEFINER;
ALTER FUNCTION reservation_ended() SET search_path = catalog, pg_temp;

-- Nobody has to remember it: no end of the stage can be on record without this.
CREATE FUNCTION caption_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = catalog, pg_temp AS $$
BEGIN
    DELETE FROM catalog.token_reservation WHERE owner = NEW.owner AND asset_id = NEW.asset_id;
    RETURN NULL;
END $$;
CREATE TRIGGER caption_ended AFTER UPDATE OF state ON stage
    FOR EACH ROW WHEN (NEW.name = 'caption' AND (NEW.state IN ('done', 'dead', 'skipped')
        OR (NEW.state = 'failed' AND NOT NEW.retryable)))
    EXECUTE FUNCTION caption_ended();

-- What stages left behind that ended before there was this trigger.
DELETE FROM token_reservation USING stage
    WHERE stage.owner = token_reservation.owner AND stage.asset_id = token_reservation.asset_id
    AND stage.name = 'caption' AND (stage.state IN ('done', 'dead', 'skipped')
        OR (stage.state = 'failed' AND NOT stage.retryable));
