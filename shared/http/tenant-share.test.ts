import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { asTenant } from '../tenant.ts'
import { silent } from '../testing/builders.ts'
import { anybody } from './caller.ts'
import type { Routes } from './route.ts'
import { createService } from './service.ts'
import { type SlotKind, slotSizes } from './slots.ts'
import { createTenantShares } from './tenant-share.ts'

/** A service whose requests wait until the test lets them go; the tenant is in the header. */
function shared() {
  const gates: PromiseWithResolvers<void>[] = []
  const handle = async () => {
    const gate = Promise.withResolvers<void>()
    gates.push(gate)
    await gate.promise
    return { status: 200, body: {} }
  }
  async function* parts() {
    yield Buffer.from('first')
    await handle()
    yield Buffer.from('last')
  }
  const routes: Routes = {
    'GET /read': { scope: 'read', handle },
    'GET /export': {
      scope: 'read',
      kind: 'exports',
      streams: true,
      handle: async () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: parts() }),
    },
    'GET /fails': { scope: 'read', handle: () => Promise.reject(new Error('broken')) },
    'GET /public': { scope: 'public', handle },
    'GET /own': { scope: 'audit', handle },
  }
  const { request } = createService({
    log: silent,
    routes,
    authenticate: ({ header }) => ({
      ...anybody,
      isOperator: header('operator') !== undefined,
      keyId: header('key'),
      tenant: asTenant(header('tenant') ?? ''),
    }),
    around: [createTenantShares({ ...slotSizes, reads: 10, exports: 10 })],
  })
  /** Asks for as many as the tenant can have, and resolves with their number. */
  async function fill(tenant: string, path = '/read', init: RequestInit = {}) {
    for (let count = 0; count < 50; count++) {
      const before = gates.length
      const headers = { tenant, key: `${count}` }
      const asked = request(path, { ...init, headers }).then(async (response) => ({
        status: response.status,
        text: response.status === 503 ? '' : await response.text(),
      }))
      while (gates.length === before) {
        const answered = await Promise.race([asked, turn()])
        if (answered?.status === 503) return count
      }
    }
    return Number.NaN
  }
  const end = async () => {
    for (const gate of gates.splice(0)) gate.resolve()
    for (let n = 0; n < 10; n++) await turn()
  }
  return { request, fill, end }
}

describe('the slots of each kind', () => {
  test.each<[string, SlotKind]>([
    ['/read', 'reads'],
    ['/export', 'exports'],
  ])('one tenant leaves room for others, however many keys it has: %s', async (path) => {
    const { fill, end } = shared()
    expect(await fill('a', path)).toBe(8)
    expect(await fill('b', path)).toBe(2)
    await end()
    expect(await fill('b', path)).toBe(8)
    await end()
  })

  test('are counted apart', async () => {
    const { fill, end } = shared()
    expect([await fill('a', '/read'), await fill('a', '/export')]).toEqual([8, 8])
    await end()
  })
})

test('an answer that nobody reads is over at once, and so is one that fails', async () => {
  const { request, fill, end } = shared()
  for (let n = 0; n < 20; n++) {
    expect((await request('/fails', { headers: { tenant: 'a', key: 'k' } })).status).toBe(500)
    expect((await request('/export', { method: 'HEAD', headers: { tenant: 'a', key: 'k' } })).status).toBe(200)
  }
  expect([await fill('a', '/read'), await fill('a', '/export')]).toEqual([8, 8])
  await end()
})

test('a stream is over when its client has gone', async () => {
  const { request, fill, end } = shared()
  for (let n = 0; n < 20; n++) {
    const leaving = new AbortController()
    const headers = { tenant: 'a', key: 'k' }
    const { status, body } = await request('/export', { headers, signal: leaving.signal })
    expect(status).toBe(200)
    if (n % 2) leaving.abort()
    else {
      const reader = body?.getReader()
      await reader?.read()
      await reader?.cancel()
    }
    await turn()
  }
  expect(await fill('a', '/export')).toBe(8)
  await end()
})

test('a stream whose client has gone before it begins is over', async () => {
  const { request, fill, end } = shared()
  for (let n = 0; n < 20; n++) {
    const leaving = new AbortController()
    const asked = request('/export', { headers: { tenant: 'a', key: 'k' }, signal: leaving.signal })
    leaving.abort()
    await (await asked).body?.cancel()
  }
  expect(await fill('a', '/export')).toBe(8)
  await end()
})

test('what the log records about its own use needs no share of the tenant', async () => {
  const { request, fill, end } = shared()
  expect(await fill('a')).toBe(8)
  const act = request('/own', { headers: { tenant: 'a', key: 'k' } })
  await turn()
  await end()
  expect((await act).status).toBe(200)
})

test('operators have a share of their own, whichever tenant they look after', async () => {
  const { request, fill, end } = shared()
  expect(await fill('a')).toBe(8)
  const asked = request('/read', { headers: { tenant: 'a', key: 'k', operator: '1' } })
  await turn()
  await end()
  expect((await asked).status).toBe(200)
})

test('without keys, all slots are for everybody', async () => {
  const { request, end } = shared()
  const asked = Array.from({ length: 30 }, () => request('/read', { headers: { tenant: 'a' } }))
  await turn()
  await end()
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 200))
})
