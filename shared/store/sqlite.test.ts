import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { StartError } from '../config.ts'
import { recorded } from '../testing/builders.ts'
import { openSqliteStore } from './sqlite.ts'
import { testActivityStore } from './store.testsuite.ts'

const aFile = () => join(mkdtempSync(join(tmpdir(), 'store-')), 'store.db')

describe('SQLite store', () => testActivityStore(async () => openSqliteStore({ path: ':memory:' })))

describe('SQLite store in a file', () => {
  test('finds again what was saved before it was closed', async () => {
    const path = aFile()
    {
      await using store = openSqliteStore({ path })
      await store.save([recorded({ id: 'a' })])
    }
    await using again = openSqliteStore({ path })
    expect(await again.get('default', 'a')).toMatchObject({ id: 'a' })
  })

  test('says what to do about a file that it cannot use', () => {
    expect(() => openSqliteStore({ path: '/no/such/folder/store.db' })).toThrow(StartError)
  })

  test('leaves a file of a newer version alone', async () => {
    const path = aFile()
    using newer = new DatabaseSync(path)
    newer.exec('PRAGMA user_version = 99')
    expect(() => openSqliteStore({ path })).toThrow(/newer version/)
  })
})
