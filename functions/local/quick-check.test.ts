import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { silent, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { startQuickCheck } from './quick-check.ts'

function aDatabase(): string {
  const path = join(aFolder(), 'store.db')
  using db = new DatabaseSync(path)
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT) STRICT')
  const insert = db.prepare('INSERT INTO t (text) VALUES (?)')
  db.exec('BEGIN')
  for (let n = 0; n < 1000; n++) insert.run('x'.repeat(200))
  db.exec('COMMIT')
  return path
}

function damage(path: string) {
  const file = openSync(path, 'r+')
  const pages = Math.floor(statSync(path).size / 4096)
  for (let page = 3; page < pages; page++) writeSync(file, Buffer.alloc(100, 0xff), 0, 100, page * 4096)
  closeSync(file)
}

/** Collects what is logged about the files. */
function check(paths: readonly string[], options = {}) {
  const found: { path: string; damage: string }[] = []
  const log = {
    ...silent,
    error: (fields: { path: string; damage: string }) => void found.push(fields),
    warn: silent.warn,
  }
  return Object.assign(startQuickCheck({ paths, log: log as typeof silent, delayMs: 0, ...options }), { found })
}

test('logs which file is damaged', async () => {
  const [sound, damaged] = [aDatabase(), aDatabase()]
  damage(damaged)
  await using checked = check([sound, damaged], { maxMs: 60_000 })
  await until(() => checked.found.length > 0)
  expect(checked.found).toEqual([{ path: damaged, damage: expect.stringMatching(/./) }])
})

test('ends with the log, without waiting for the check', async () => {
  const checked = check([aDatabase()], { maxMs: 60_000 })
  await checked[Symbol.asyncDispose]()
  expect(checked.found).toEqual([])
})
