-- The janitor forgets announcements some days after they were published.
CREATE INDEX outbox_sent ON catalog.outbox (sent_at) WHERE sent_at IS NOT NULL;

-- An operator revives stages; what becomes of their assets is for the workers to say.
REVOKE UPDATE ON catalog.asset FROM operator;
