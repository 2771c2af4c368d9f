import { openSqliteFile } from '../sqlite/file.ts'
import { aStoreFile } from '../testing/sqlite-test-store.ts'
import { testPruning } from './pruning.testsuite.ts'
import { openSqliteStore } from './sqlite.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqlitePruning } from './sqlite-pruning.ts'

testPruning(async () => {
  const path = aStoreFile()
  const store = openSqliteStore({ path })
  return { store, records: createSqlitePruning(openSqliteFile({ path, migrations })) }
})
