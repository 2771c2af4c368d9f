import { anybody } from '@activity-log/shared/http/caller.ts'
import type { Scope } from '@activity-log/shared/http/route.ts'
import { asTenant } from '@activity-log/shared/tenant.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { openDrawings } from './drawing.ts'

const large = 'x'.repeat(100_000)

test.each([
  ['small', 'x'],
  ['large', large],
])('a %s page does not wait for all those of another tenant', async (_kind, text) => {
  const openDrawing = openDrawings()
  const drawn: string[] = []
  const draw = async (name: string, owner: string) => {
    using drawing = openDrawing(owner)
    await drawing.load(async () => ({ ok: true, answer: text }), '/')
    drawn.push(name)
    await new Promise(setImmediate)
  }
  const flood = Array.from({ length: 5 }, (_, n) => draw(`flood ${n}`, 'flood'))
  await Promise.all([...flood, draw('quiet', 'quiet')])
  expect(drawn.indexOf('quiet')).toBeLessThan(3)
  expect(drawn).toHaveLength(6)
})

test('a page that is drawn does not wait behind all else of its tenant, since others wait for it', async () => {
  const store = openMemoryStore()
  for (const tenant of ['busy', 'quiet'])
    await store.save(Array.from({ length: 50 }, (_, n) => recorded({ id: `${tenant}-${n}` }, undefined, tenant)))
  const app = createApp({ store, log: silent, now: () => new Date() })
  let turnsOfBusy = 0
  const turn = async (owner: string) => {
    if (owner !== 'busy') return
    turnsOfBusy++
    // many others of this tenant come first
    for (let n = 0; n < 20; n++) await new Promise(setImmediate)
  }
  const ask = async (name: string) => {
    const caller = { ...anybody, isOperator: false, tenant: asTenant(name), scopes: new Set<Scope>(['read']) }
    const onBehalfOf = { caller, requestId: undefined, turn }
    const response = await app.fetch(new Request('http://localhost/?limit=50'), { onBehalfOf })
    return response.status
  }
  const busy = Array.from({ length: 3 }, () => ask('busy'))
  // the next one of them has begun then
  await Promise.race(busy)
  const before = turnsOfBusy
  expect(await ask('quiet')).toBe(200)
  expect(turnsOfBusy - before).toBeLessThan(20)
  expect(await Promise.all(busy)).toEqual([200, 200, 200])
})
