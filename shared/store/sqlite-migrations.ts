/** Each migration is applied once, in order. Never change one: databases in use have applied it. */
export const migrations = [
  `CREATE TABLE activities (
     key TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     id TEXT NOT NULL,
     userId TEXT NOT NULL,
     action TEXT NOT NULL,
     timestampMs INTEGER NOT NULL,
     timestampText TEXT,
     metadata TEXT,
     recordedAtMs INTEGER NOT NULL,
     partition INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     digest TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX byId ON activities (tenant, id);
   CREATE INDEX byTime ON activities (tenant, key);
   CREATE INDEX byUser ON activities (tenant, userId, key);
   CREATE INDEX byAction ON activities (tenant, action, key);
   CREATE INDEX byPosition ON activities (partition, offset);
   CREATE TABLE deadLetters (
     id TEXT PRIMARY KEY,
     partition INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     reason TEXT NOT NULL,
     errors TEXT NOT NULL,
     headers TEXT NOT NULL,
     body BLOB NOT NULL,
     firstAtMs INTEGER NOT NULL,
     lastAtMs INTEGER NOT NULL,
     attempts INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  // `resolution` is JSON; `spans` is JSON with the offset ranges whose outcomes are known
  `ALTER TABLE deadLetters ADD COLUMN topic TEXT NOT NULL DEFAULT 'activities';
   ALTER TABLE deadLetters ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
   ALTER TABLE deadLetters ADD COLUMN activityId TEXT;
   ALTER TABLE deadLetters ADD COLUMN recordedAtMs INTEGER;
   ALTER TABLE deadLetters ADD COLUMN firstPartition INTEGER;
   ALTER TABLE deadLetters ADD COLUMN firstOffset INTEGER;
   ALTER TABLE deadLetters ADD COLUMN state TEXT NOT NULL DEFAULT 'open';
   ALTER TABLE deadLetters ADD COLUMN resolution TEXT;
   CREATE INDEX byArrival ON deadLetters (tenant, firstAtMs, id);
   CREATE TABLE fates (
     partition INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     fate TEXT NOT NULL,
     tenant TEXT NOT NULL,
     activityId TEXT,
     deadLetter TEXT,
     recordedAtMs INTEGER,
     PRIMARY KEY (partition, offset)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE books (
     partition INTEGER PRIMARY KEY,
     spans TEXT NOT NULL
   ) STRICT;`,
  // the indexes contain positions, so that activities newer than a snapshot are filtered within the index
  `DROP INDEX byTime;
   DROP INDEX byUser;
   DROP INDEX byAction;
   CREATE INDEX byTime ON activities (tenant, key, partition, offset);
   CREATE INDEX byUser ON activities (tenant, userId, key, partition, offset);
   CREATE INDEX byAction ON activities (tenant, action, key, partition, offset);`,
  // names are stored once, and times as numbers; upgradeSteps moves the rows of the former tables and drops them
  `DROP INDEX byId;
   DROP INDEX byTime;
   DROP INDEX byUser;
   DROP INDEX byAction;
   DROP INDEX byPosition;
   ALTER TABLE activities RENAME TO formerActivities;
   ALTER TABLE fates RENAME TO formerOutcomes;
   ALTER TABLE books RENAME TO formerLedger;
   CREATE TABLE tenants (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     name TEXT NOT NULL UNIQUE
   ) STRICT;
   CREATE TABLE users (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     tenant INTEGER NOT NULL,
     name TEXT NOT NULL,
     UNIQUE (tenant, name)
   ) STRICT;
   CREATE TABLE actions (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     tenant INTEGER NOT NULL,
     name TEXT NOT NULL,
     UNIQUE (tenant, name)
   ) STRICT;
   CREATE TABLE activities (
     place INTEGER PRIMARY KEY,
     tenant INTEGER NOT NULL,
     id ANY NOT NULL,
     user INTEGER NOT NULL,
     action INTEGER NOT NULL,
     timestampMs INTEGER NOT NULL,
     timestampNs INTEGER NOT NULL,
     delayMs INTEGER NOT NULL,
     sequence INTEGER NOT NULL,
     hash BLOB NOT NULL,
     timestampText TEXT,
     metadata TEXT,
     digest BLOB NOT NULL,
     salt BLOB
   ) STRICT;
   CREATE UNIQUE INDEX byId ON activities (tenant, id);
   CREATE INDEX byTime ON activities (tenant, timestampMs, timestampNs, delayMs, sequence);
   CREATE INDEX byUser ON activities (tenant, user, timestampMs, timestampNs, delayMs, sequence);
   CREATE INDEX byAction ON activities (tenant, action, timestampMs, timestampNs, delayMs, sequence);
   CREATE INDEX byUserAction ON activities (tenant, user, action, timestampMs, timestampNs, delayMs, sequence);
   CREATE TABLE positions (
     place INTEGER PRIMARY KEY,
     partition INTEGER NOT NULL,
     offset INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX byPosition ON positions (partition, offset);
   CREATE TABLE outcomes (
     partition INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     outcome TEXT NOT NULL,
     tenant TEXT NOT NULL,
     activityId TEXT,
     deadLetter TEXT,
     recordedAtMs INTEGER,
     PRIMARY KEY (partition, offset)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE ledger (
     partition INTEGER PRIMARY KEY,
     ranges TEXT NOT NULL
   ) STRICT;`,
  // `pruning` is JSON
  `CREATE TABLE pruned (
     partition INTEGER PRIMARY KEY,
     pruning TEXT NOT NULL
   ) STRICT;`,
  // how many activities there are, see sqlite-counters.ts; `counted` has the places that are counted already
  `ALTER TABLE users ADD COLUMN activities INTEGER NOT NULL DEFAULT 0;
   CREATE INDEX usersByActivities ON users (tenant, activities DESC, name);
   CREATE TABLE counts (
     tenant INTEGER NOT NULL,
     unit INTEGER NOT NULL,
     action INTEGER NOT NULL,
     time INTEGER NOT NULL,
     n INTEGER NOT NULL,
     first INTEGER NOT NULL,
     last INTEGER NOT NULL,
     PRIMARY KEY (tenant, unit, action, time)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE counted (
     partition INTEGER PRIMARY KEY,
     first INTEGER NOT NULL,
     last INTEGER NOT NULL
   ) STRICT;
   CREATE TRIGGER countInserted AFTER INSERT ON activities
   WHEN EXISTS (SELECT 1 FROM counted WHERE partition = NEW.place >> 40 AND NEW.place BETWEEN first AND last) BEGIN
     INSERT INTO counts
       SELECT NEW.tenant, unit, action, iif(unit = 2, 0, NEW.timestampMs / iif(unit = 0, 900000, 86400000)), 1,
         NEW.place, NEW.place
       FROM (SELECT 0 AS unit UNION ALL SELECT 1 UNION ALL SELECT 2), (SELECT 0 AS action UNION ALL SELECT NEW.action)
       WHERE true
       ON CONFLICT DO UPDATE SET n = n + 1, first = min(first, excluded.first), last = max(last, excluded.last);
     UPDATE users SET activities = activities + 1 WHERE number = NEW.user;
   END;
   CREATE TRIGGER countDeleted AFTER DELETE ON activities
   WHEN EXISTS (SELECT 1 FROM counted WHERE partition = OLD.place >> 40 AND OLD.place BETWEEN first AND last) BEGIN
     UPDATE counts SET n = n - 1 WHERE tenant = OLD.tenant AND action IN (0, OLD.action) AND (unit, time) IN
       (VALUES (0, OLD.timestampMs / 900000), (1, OLD.timestampMs / 86400000), (2, 0));
     UPDATE users SET activities = activities - 1 WHERE number = OLD.user;
   END;`,
]
