-- The experience of one run. Written by one process in one transaction a step; read by anyone.
-- Every row carries the step that wrote it, so that a run can be taken back to any step.
-- `seq` is a running number in order of insertion.

-- Steps whose experience is here.
CREATE TABLE steps (
  step           INTEGER PRIMARY KEY,
  policy_version INTEGER NOT NULL
);

-- Tasks that were ever in a buffer. A task is in its kind's buffer while evicted_step is NULL.
CREATE TABLE tasks (
  seq            INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  kind           TEXT NOT NULL,
  public         TEXT NOT NULL,
  secret         TEXT NOT NULL,
  key            TEXT NOT NULL,
  holdout_key    TEXT NOT NULL,
  origin         TEXT NOT NULL,      -- seed, proposed, suite
  step           INTEGER NOT NULL,   -- that added it
  proposed_step  INTEGER,            -- that wrote it, if it was proposed
  policy_version INTEGER,            -- that wrote it, if it was proposed
  parents        TEXT NOT NULL,      -- JSON array of task ids
  metrics        TEXT NOT NULL,      -- JSON object
  evicted_step   INTEGER
);
CREATE INDEX tasks_by_step ON tasks (step);
CREATE INDEX tasks_buffered ON tasks (kind, seq) WHERE evicted_step IS NULL;
CREATE INDEX tasks_by_eviction ON tasks (evicted_step) WHERE evicted_step IS NOT NULL;

-- What proposers wrote, tasks or not.
CREATE TABLE proposals (
  seq            INTEGER PRIMARY KEY,
  step           INTEGER NOT NULL,
  policy_version INTEGER NOT NULL,
  kind           TEXT NOT NULL,
  outcome        TEXT NOT NULL,      -- task, rejected, fault
  task_id        TEXT,
  cause          TEXT,
  detail         TEXT,
  reward         REAL,
  format         INTEGER,            -- whether a task's completion kept the format
  n_tokens       INTEGER NOT NULL,
  truncated      INTEGER NOT NULL,
  parents        TEXT NOT NULL,
  text           TEXT NOT NULL,
  rewarded_step  INTEGER             -- that brought the reward, if it came after its own step
);
CREATE INDEX proposals_by_step ON proposals (step);

-- What solvers wrote.
CREATE TABLE attempts (
  seq            INTEGER PRIMARY KEY,
  step           INTEGER NOT NULL,
  policy_version INTEGER NOT NULL,
  task_id        TEXT NOT NULL,
  sample_idx     INTEGER NOT NULL,
  status         TEXT NOT NULL,      -- ok, wrong, unparsable, timeout, crashed, fault
  score          REAL NOT NULL,
  format         INTEGER NOT NULL,
  reason         TEXT NOT NULL,
  reward         REAL,
  n_tokens       INTEGER NOT NULL,
  truncated      INTEGER NOT NULL,
  text           TEXT NOT NULL
);
CREATE INDEX attempts_by_task ON attempts (task_id, step);
CREATE INDEX attempts_by_step ON attempts (step);

-- One row a task with what became of it. The hardest that the run asked itself and still solved:
--   SELECT * FROM task_stats WHERE origin = 'proposed' AND n_solved > 0 ORDER BY solve_rate;
CREATE VIEW task_stats AS
SELECT tasks.id, tasks.kind, tasks.origin, tasks.step, tasks.evicted_step,
       COUNT(attempts.seq)                                         AS n_attempts,
       COUNT(CASE WHEN status = 'fault' THEN 1 END)                AS n_faults,
       COUNT(CASE WHEN status = 'ok' THEN 1 END)                   AS n_solved,
       AVG(CASE WHEN status <> 'fault' THEN score END)             AS solve_rate,
       MIN(CASE WHEN status = 'ok' THEN attempts.step END)         AS first_solved_step,
       MAX(attempts.step)                                          AS last_attempt_step,
       AVG(n_tokens)                                               AS n_tokens_mean,
       tasks.public, tasks.secret, tasks.parents, tasks.metrics
FROM tasks LEFT JOIN attempts ON attempts.task_id = tasks.id
GROUP BY tasks.seq;
