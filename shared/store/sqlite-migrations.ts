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
]
