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
]
