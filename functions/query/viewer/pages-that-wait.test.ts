import { revokeKey } from '@activity-log/shared/access/change-list.ts'
import { toReceipt } from '@activity-log/shared/receipt.ts'
import { accessOf, anAccessFile, writeAccess } from '@activity-log/shared/testing/access.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from '../app.ts'

test('a page that waited for a record shows nothing to a person whose key was revoked meanwhile', async () => {
  const { path, list, keys, ids } = anAccessFile({ desk: { tenant: 'shop' } })
  const clock = { ms: 0 }
  const access = accessOf(path, { clock: () => clock.ms })
  const { session } = access.signIn(keys.desk) ?? {}
  await using store = openMemoryStore()
  const late = { ...recorded({ userId: 'secret' }), tenant: 'shop' }
  const asked = Promise.withResolvers<void>()
  const stored = Promise.withResolvers<void>()
  const outcome: typeof store.outcome = async (receipt) => {
    asked.resolve()
    await stored.promise
    return store.outcome(receipt)
  }
  const { request } = createApp({ store: { ...store, outcome }, log: silent, now: () => new Date(), access })
  const headers = { cookie: `__Host-activity-log=${session}`, accept: 'text/html' }
  const { position, recordedAt } = late
  const open = () => request(`/?receipt=${toReceipt({ position, recordedAt })}&wait=5`, { headers })
  const page = open()
  await asked.promise
  await store.save([late])
  writeAccess(path, revokeKey(list, ids.desk, new Date()) ?? list)
  clock.ms += 1000
  stored.resolve()
  const { status, text } = await page.then(async (answer) => ({ status: answer.status, text: await answer.text() }))
  expect([status, text.includes('secret')]).toEqual([401, false])
})
