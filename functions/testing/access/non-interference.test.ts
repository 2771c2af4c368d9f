import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { test } from 'vitest'
import { checkNonInterference } from './non-interference.ts'

test('what happens to one tenant changes nothing for another: SQLite', async () => {
  await using store = openMemoryStore()
  await checkNonInterference(store, 20)
}, 60_000)
