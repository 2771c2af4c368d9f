import { cpSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { anActivity, post } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

const replace = (path: string) => {
  cpSync(path, `${path}.copy`)
  renameSync(`${path}.copy`, path)
}

test.each([
  ['deleted', (folder: string) => rmSync(join(folder, 'store.db'))],
  ['deleted in part', (folder: string) => rmSync(join(folder, 'queue.db-wal'))],
  ['replaced by a backup', (folder: string) => replace(join(folder, 'queue.db'))],
  ['moved with their folder', (folder: string) => renameSync(folder, `${folder}-moved`)],
])('files that are %s while the log runs end it with a sentence that says so', async (_, change) => {
  const folder = aFolder()
  await using log = await startLog(folder)
  await fetch(`${log.origin}/logs`, post(anActivity()))
  change(folder)
  expect(await log.ended).toBe(65)
  expect(log.output()).toMatch(/(queue|store)\.db(-wal)? was deleted or replaced while the log was using it.*\n$/)
})
