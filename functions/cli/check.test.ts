import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore } from '@activity-log/shared/store/sqlite.ts'
import { recorded } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { aStoreFile } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'

function check(folder: string, ...words: string[]) {
  const main = join(import.meta.dirname, 'main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'check', ...words], {
    env: { DATA_DIR: folder },
    encoding: 'utf8',
  })
  return { status, text: stdout + stderr }
}

async function aStore(): Promise<string> {
  const path = aStoreFile()
  await using store = openSqliteStore({ path, countedAtOnce: 1 })
  await store.save(Array.from({ length: 10 }, (_, n) => recorded({ id: `${n}`, userId: 'ann', action: 'login' }, n)))
  return path
}

test('says that all counters agree, beside a running log, too', async () => {
  const path = await aStore()
  await using _running = openSqliteStore({ path })
  expect(check(dirname(path))).toEqual({ status: 0, text: 'All counters agree with 10 activities.\n' })
})

test('says how many activities are not counted yet', async () => {
  const path = await aStore()
  {
    await using store = openSqliteStore({ path })
    await store.save([recorded({ id: 'more' }, 10), recorded({ id: 'most' }, 11)])
  }
  const text = 'All counters agree with 10 activities. 2 more are not counted yet.\n'
  expect(check(dirname(path))).toEqual({ status: 0, text })
})

test('finds counters that differ, and repairs them', async () => {
  const path = await aStore()
  {
    using db = new DatabaseSync(path)
    db.exec('UPDATE counts SET n = 7 WHERE unit = 2 AND action = 0; UPDATE users SET activities = 11')
  }
  const differing = `tenant 1, action any, ever 0: the counter says 7, but it is 10
user 1: the counter says 11, but it is 10
2 counters differ.
`
  expect(check(dirname(path))).toEqual({ status: 1, text: differing })
  const repaired = check(dirname(path), '--repair')
  expect(repaired).toEqual({ status: 0, text: `${differing}All counters are right again.\n` })
  expect(check(dirname(path)).status).toBe(0)
})

test('says where it looked for a store', () => {
  const { status, text } = check(aFolder())
  expect(status).toBe(1)
  expect(text).toMatch(/There is no store at .*store\.db\. Name its folder with --data-dir\.\n/)
})

test('says in plain words that it cannot read a store', () => {
  const folder = aFolder()
  writeFileSync(join(folder, 'store.db'), 'not a database'.repeat(1000))
  const { status, text } = check(folder)
  expect(status).toBe(1)
  expect(text).toMatch(/^Cannot use the database .*store\.db: file is not a database\n$/)
})
