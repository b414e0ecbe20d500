-- How a task was graded in a step, kept by runs whose proposer is paid for what changes over time.
-- A task that the step met more than once (as new, as practice, for comparison) has one row.
CREATE TABLE gradings (
  seq            INTEGER PRIMARY KEY,
  step           INTEGER NOT NULL,
  task_id        TEXT NOT NULL,
  n_judged       INTEGER NOT NULL,   -- attempts, faults apart; above 0
  score_sum      REAL NOT NULL
);
CREATE INDEX gradings_by_task ON gradings (task_id, step);
CREATE INDEX gradings_by_step ON gradings (step);
