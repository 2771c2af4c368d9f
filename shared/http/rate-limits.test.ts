import { describe, expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { createTokenBuckets } from '../token-buckets.ts'
import { anybody } from './caller.ts'
import { invalidInput } from './problem.ts'
import { createRateLimits } from './rate-limits.ts'
import type { CallerLimits, Routes } from './route.ts'
import { createService } from './service.ts'

/** A service with one caller, whose clock stands still. */
function limited(limits: CallerLimits | undefined, keyIds: readonly string[] = ['a'], isOperator = false) {
  let ms = 0
  let handled = 0
  const handle = async () => {
    handled++
    return { status: 200, body: { ok: true } }
  }
  const routes: Routes = {
    'GET /one': { scope: 'read', handle },
    'GET /public': { scope: 'public', handle },
    'POST /': { scope: 'deliver', handle },
    'POST /own': { scope: 'audit', handle },
    'POST /many': {
      scope: 'write',
      handle: async ({ spend, url }) => {
        spend(Number(url.split('?')[1]) - 1)
        return handle()
      },
    },
    'POST /wrong': {
      scope: 'write',
      handle: () => Promise.reject(invalidInput([{ pointer: '/a', detail: 'is wrong' }])),
    },
    'GET /page': {
      scope: 'read',
      handle: async ({ ask }) => ({
        status: (await ask('/one')).status,
        body: 'page',
        headers: { 'content-type': 'a/b' },
      }),
    },
  }
  let requests = 0
  const service = createService({
    log: silent,
    routes,
    authenticate: () => ({ ...anybody, isOperator, keyId: keyIds[requests++ % keyIds.length], limits }),
    around: [createRateLimits(createTokenBuckets({ now: () => ms }))],
  })
  const ask = async (path: string, method = 'GET') => {
    const response = await service.request(path, { method })
    const { status, headers } = response
    const fields = ['ratelimit-policy', 'ratelimit', 'retry-after'].map((name) => headers.get(name))
    return { status, fields, text: await response.text() }
  }
  const later = (by: number) => {
    ms += by
  }
  return { ask, later, handled: () => handled }
}

test('a caller without limits sees nothing of them', async () => {
  const { ask } = limited(undefined)
  expect((await ask('/one')).fields).toEqual([null, null, null])
})

test('each answer says what is left of each limit, and when there will be more', async () => {
  const { ask, later } = limited({ key: 3, tenant: 10 })
  const policy = '"key";q=3;w=1, "tenant";q=10;w=1'
  expect((await ask('/one')).fields).toEqual([policy, '"key";r=2;t=1, "tenant";r=9;t=1', null])
  expect((await ask('/wrong', 'POST')).fields).toEqual([policy, '"key";r=1;t=1, "tenant";r=8;t=1', null])
  later(10_000)
  expect((await ask('/one')).fields[1]).toBe('"key";r=2;t=1, "tenant";r=9;t=1')
})

describe('beyond a limit', () => {
  test('a request gets a 429 that says how long to wait, and its work is not done', async () => {
    const { ask, later, handled } = limited({ key: 2, tenant: undefined })
    for (let n = 0; n < 2; n++) expect((await ask('/one')).status).toBe(200)
    const { status, fields, text } = await ask('/one')
    expect([status, ...fields]).toEqual([429, '"key";q=2;w=1', '"key";r=0;t=1', '1'])
    expect(JSON.parse(text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Request cannot be satisfied as assigned quota has been exceeded',
      status: 429,
      detail: 'More was sent than 2 a second for this key. Send the request again in 1 s.',
      'violated-policies': ['key'],
    })
    expect(handled()).toBe(2)
    later(1_000)
    expect((await ask('/one')).status).toBe(200)
  })

  test('a batch is served as long as anything is left, and counts as a whole', async () => {
    const { ask, later } = limited({ key: 10, tenant: undefined })
    expect(await ask('/many?1000', 'POST')).toMatchObject({
      status: 200,
      fields: [expect.anything(), '"key";r=0;t=100', null],
    })
    expect(await ask('/one')).toMatchObject({ status: 429, fields: [expect.anything(), '"key";r=0;t=100', '100'] })
    later(98_000)
    expect((await ask('/one')).status).toBe(429)
    later(2_000)
    expect((await ask('/one')).status).toBe(200)
  })

  test('what was rejected counts nothing', async () => {
    const { ask, later } = limited({ key: 1, tenant: undefined })
    for (let n = 0; n < 50; n++) await ask('/one')
    later(1_000)
    expect((await ask('/one')).status).toBe(200)
  })

  test('of the tenant, all of its keys wait, and beyond that of one key only that one', async () => {
    const ofTenant = limited({ key: undefined, tenant: 2 }, ['a', 'b'])
    expect((await ofTenant.ask('/one')).status).toBe(200)
    expect((await ofTenant.ask('/one')).status).toBe(200)
    expect(JSON.parse((await ofTenant.ask('/one')).text)['violated-policies']).toEqual(['tenant'])
    const ofKey = limited({ key: 1, tenant: 100 }, ['a', 'b'])
    const statuses = []
    for (let n = 0; n < 4; n++) statuses.push((await ofKey.ask('/one')).status)
    expect(statuses).toEqual([200, 200, 429, 429])
  })

  test('deliveries and what is public are served', async () => {
    const { ask } = limited({ key: 1, tenant: 1 })
    for (let n = 0; n < 3; n++) {
      expect((await ask('/public')).status).toBe(200)
      expect((await ask('/', 'POST')).status).toBe(200)
    }
  })
})

test('a page counts once, whatever it asks for', async () => {
  const { ask } = limited({ key: 1, tenant: undefined })
  expect((await ask('/page')).status).toBe(200)
  expect((await ask('/page')).status).toBe(429)
})

test('what the log records about its own use counts against the rate of its key alone', async () => {
  const { ask } = limited({ key: 3, tenant: 1 })
  expect([(await ask('/one')).status, (await ask('/one')).status]).toEqual([200, 429])
  const acts = [await ask('/own', 'POST'), await ask('/own', 'POST'), await ask('/own', 'POST')]
  expect(acts.map(({ status }) => status)).toEqual([200, 200, 429])
  expect(acts[0]?.fields).toEqual(['"key";q=3;w=1', '"key";r=1;t=1', null])
})

test('whoever uses up the rate of a tenant does not keep operators from looking after it', async () => {
  const { ask } = limited({ key: undefined, tenant: 1 }, ['a'], true)
  expect([(await ask('/many?5', 'POST')).status, (await ask('/many?5', 'POST')).status]).toEqual([200, 429])
  expect((await ask('/one')).status).toBe(200)
  expect((await limited({ key: 1, tenant: 1 }, ['a'], true).ask('/one')).fields[0]).toBe('"key";q=1;w=1')
})
