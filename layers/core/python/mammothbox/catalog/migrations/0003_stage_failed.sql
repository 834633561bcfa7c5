-- The janitor looks for stages whose message was lost after a passing failure.

CREATE INDEX stage_to_retry ON catalog.stage (finished_at) WHERE state = 'failed' AND retryable;

-- A function that is ended in mid-transaction must not keep its locks until its connection is
-- found to be dead.
ALTER ROLE app SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE worker SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE operator SET idle_in_transaction_session_timeout = '60s';
