-- Captions may wait for days, all of them longer than what an asset needs to be ready: that is woken
-- anew before them.
CREATE INDEX stage_needed_in_vain ON catalog.stage (optional, woken_at)
    WHERE state = 'queued' AND woken_at IS NOT NULL;
DROP INDEX catalog.stage_woken_in_vain;
