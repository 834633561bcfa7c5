-- A wake-up that was sent may still be lost: dead-lettered while the catalogue was away, purged
-- with its queue, or too old for it. What has waited for long is woken anew.
CREATE INDEX stage_woken_in_vain ON catalog.stage (woken_at)
    WHERE state = 'queued' AND woken_at IS NOT NULL;
