import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { createSqliteUnchanged } from './sqlite-unchanged.ts'

function openTwice() {
  const path = join(mkdtempSync(join(tmpdir(), 'unchanged-')), 'test.db')
  const open = () => new DatabaseSync(path)
  const [db, other] = [open(), open()]
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE numbers (n INTEGER)')
  const unchanged = createSqliteUnchanged(db)
  let computed = 0
  const count = (name = 'count') =>
    unchanged(name, () => {
      computed++
      return db.prepare('SELECT count(*) AS n FROM numbers').get()?.['n'] as number
    })
  const close = () => {
    db.close()
    other.close()
  }
  return { db, other, unchanged, count, computed: () => computed, [Symbol.dispose]: close }
}

test('computes a result once while nothing is written', () => {
  using opened = openTwice()
  expect([opened.count(), opened.count(), opened.count('another')]).toEqual([0, 0, 0])
  expect(opened.computed()).toBe(2)
})

test.each(['db', 'other'] as const)('computes it again after a write of %s', (writer) => {
  using opened = openTwice()
  expect(opened.count()).toBe(0)
  opened[writer].exec('INSERT INTO numbers VALUES (1)')
  expect(opened.count()).toBe(1)
  opened[writer].exec('DELETE FROM numbers')
  expect(opened.count()).toBe(0)
})

test('computes it again if it failed', async () => {
  using opened = openTwice()
  await expect(opened.unchanged('n', () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk')
  expect(await opened.unchanged('n', async () => 1)).toBe(1)
  expect(() =>
    opened.unchanged('m', () => {
      throw new Error('no disk')
    }),
  ).toThrow('no disk')
  expect(opened.unchanged('m', () => 1)).toBe(1)
})
