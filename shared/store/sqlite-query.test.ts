import { expect, test } from 'vitest'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { recorded } from '../testing/builders.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { createLongReads } from './sqlite-long-reads.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import { createSqliteSave } from './sqlite-save.ts'

test.each(['asc', 'desc'] as const)('leaves a moment with many activities to long reads: %s', async (order) => {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const { saveOne } = createSqliteSave(db, createSqliteLedger(db))
  const save = (count: number) =>
    transaction(db, () => {
      for (let n = 0; n < count; n++) saveOne(recorded({ id: `${count}-${n}` }, count + n))
    })
  const queries = createSqliteQueries(db)
  const page = { filter: { tenant: 'default' }, order, limit: 50 }
  save(100)
  expect(queries.find(page)).toEqual(await createLongReads(db).find(page))
  save(1000)
  const first = await createLongReads(db).find(page)
  expect(first).toHaveLength(50)
  for (const place of [{}, { skip: 50 }, { after: first.at(-1)?.key ?? '' }]) {
    expect(queries.find({ ...page, ...place })).toBeUndefined()
  }
})
