import { createApp } from '@activity-log/persist/app.ts'
import type { AccessList } from '@activity-log/shared/access/access-list.ts'
import { createActs } from '@activity-log/shared/access/acts.ts'
import { revokeKey } from '@activity-log/shared/access/change-list.ts'
import { accessOf, anAccessFile, bearer, writeAccess } from '@activity-log/shared/testing/access.ts'
import { aDeadLetter, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'

/** persist with a dead letter of the tenant `acme`, whose acts are recorded once `recorded` resolves. */
async function aPersist() {
  const file = anAccessFile({ acme: { tenant: 'acme', scopes: ['operate'] } })
  const store = openMemoryStore()
  await store.deadLetter([aDeadLetter({ tenant: 'acme' })])
  const id = (await store.findDeadLetters({ filter: { tenant: 'acme' }, order: 'asc', limit: 1 }))[0]?.deadLetter.id
  const recording = Promise.withResolvers<void>()
  const recorded = Promise.withResolvers<void>()
  const publish = () => {
    recording.resolve()
    return recorded.promise
  }
  const clock = { ms: 0 }
  const access = accessOf(file.path, { clock: () => clock.ms })
  const acts = createActs({ publish, now: () => new Date() })
  const { request } = createApp({ store, log: silent, now: () => new Date(), access, acts })
  const ask = (method: string, path: string, body: unknown) =>
    request(`/dead-letters/${id}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...bearer(file.keys.acme) },
      body: JSON.stringify(body),
    })
  const change = (list: AccessList) => {
    writeAccess(file.path, list)
    clock.ms += 1000
  }
  const state = async () => (await store.getDeadLetter('acme', id ?? ''))?.resolution?.state
  return { ...file, ask, change, state, untilRecording: recording.promise, goOn: recorded.resolve }
}
type Persist = Awaited<ReturnType<typeof aPersist>>

const replay = ({ ask }: Persist) => ask('POST', '/replay', { id: 'a-1', userId: 'ann', action: 'login' })
const discard = ({ ask }: Persist) => ask('DELETE', '', { note: 'a test' })
const revoke = ({ change, list, ids }: Persist) => change(revokeKey(list, ids.acme, new Date()) as AccessList)
const suspend = ({ change, list }: Persist) => change({ ...list, suspended: ['acme'] })
const move = ({ change, list }: Persist) =>
  change({ ...list, keys: list.keys.map((key) => ({ ...key, tenant: 'bakery' })) })

test.each([
  ['replay', 'the key is revoked', replay, revoke, 401],
  ['replay', 'the key becomes that of another tenant', replay, move, 401],
  ['replay', 'the tenant is suspended', replay, suspend, 403],
  ['discard', 'the key is revoked', discard, revoke, 401],
])('a %s that waits is not done when %s meanwhile', async (_act, _what, act, change, status) => {
  const persist = await aPersist()
  const answer = act(persist)
  await persist.untilRecording
  change(persist)
  persist.goOn()
  expect((await answer).status).toBe(status)
  expect(await persist.state()).toBeUndefined()
})
