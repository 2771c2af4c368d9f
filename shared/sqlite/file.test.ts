import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aFolder } from '../testing/processes.ts'
import { openSqliteFile, transaction } from './file.ts'

test('no commit copies more than a few megabytes from the write-ahead log to the file', () => {
  const path = join(aFolder(), 'file.db')
  const db = openSqliteFile({ path, migrations: ['CREATE TABLE texts (text TEXT) STRICT'], synchronous: 'NORMAL' })
  const insert = db.prepare('INSERT INTO texts VALUES (?)')
  for (let commit = 0; commit < 40; commit++) transaction(db, () => insert.run('x'.repeat(512 * 1024)))
  // the log is as large as it was when its pages were copied
  expect(statSync(`${path}-wal`).size).toBeLessThan(6 * 1024 * 1024)
  db.close()
})
