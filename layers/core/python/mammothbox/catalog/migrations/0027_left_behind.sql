-- Who tries dead stages again begins those anew in the active space that failed in one which has
-- gone out of use.
GRANT INSERT ON catalog.stage TO operator;
