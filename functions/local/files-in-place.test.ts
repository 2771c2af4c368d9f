import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { anActivity, post, silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { openEmbedded } from './embedded-log.ts'
import { watchFilesInPlace } from './files-in-place.ts'

test('a file that is made later was not replaced', async () => {
  const path = join(aFolder(), 'store.db')
  writeFileSync(path, '')
  using watched = watchFilesInPlace([path], 1)
  const isGone = watched.untilGone.then(() => 'gone')
  writeFileSync(`${path}-wal`, '')
  expect(await Promise.race([isGone, new Promise((resolve) => setTimeout(resolve, 50, 'in place'))])).toBe('in place')
})

test('files that the log itself writes and empties stay the same ones', async () => {
  const folder = aFolder()
  await using log = await openEmbedded({ folder, log: silent })
  using watched = watchFilesInPlace(log.files, 1)
  const isGone = watched.untilGone.then(() => 'gone')
  for (let n = 0; n < 20; n++) await log.fetch(new Request('http://localhost/logs', post(anActivity())))
  writeFileSync(join(folder, 'note.txt'), 'another file')
  expect(await Promise.race([isGone, new Promise((resolve) => setTimeout(resolve, 50, 'in place'))])).toBe('in place')
})
