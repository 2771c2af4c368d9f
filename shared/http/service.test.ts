import { describe, expect, test } from 'vitest'
import { asTenant } from '../tenant.ts'
import { answerOf, silent } from '../testing/builders.ts'
import { openWay, ways } from '../testing/ways.ts'
import { anybody } from './caller.ts'
import { Problem } from './problem.ts'
import { type Handler, type Route, type Routes, type ServiceRequest, scopes } from './route.ts'
import { createService } from './service.ts'

const answering = (handle: Handler): Routes => ({ 'GET /things/:id': { scope: 'read', handle } })
const serve = (routes: Routes) => createService({ log: silent, routes })

describe.each(ways)('%s', (name) => {
  test('a route gets the parameters of its path, and answers HEAD like GET, without the body', async () => {
    await using way = await openWay(name)
    const service = serve(
      answering(async ({ parameters, method }) => ({ status: 200, body: { ...parameters, method } })),
    )
    expect(await answerOf(await way.request(service, '/things/a-1', {}))).toEqual({ id: 'a-1', method: 'GET' })
    const head = await way.request(service, '/things/a-1', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('another method gets a 405 that lists the methods of the path, and another path a 404', async () => {
    await using way = await openWay(name)
    const service = serve(answering(async () => ({ status: 200 })))
    const wrong = await way.request(service, '/things/1', { method: 'POST' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await way.request(service, '/nothing', {})).status).toBe(404)
    expect((await way.request(service, '/healthz', {})).status).toBe(200)
  })

  test('every caller belongs to the default tenant and may do everything', async () => {
    await using way = await openWay(name)
    let asked: ServiceRequest | undefined
    const service = serve(
      answering(async (request) => {
        asked = request
        return { status: 204 }
      }),
    )
    await way.request(service, '/things/1', {})
    expect(asked?.caller.tenant).toBe('default')
    expect([...(asked?.caller.scopes ?? [])]).toEqual([...scopes])
    expect(asked?.caller.isOperator).toBe(true)
  })

  test('a caller needs the scope of the route, and one problem answers who is not let in', async () => {
    await using way = await openWay(name)
    const routes: Routes = {
      'GET /one': { scope: 'read', handle: async ({ caller }) => ({ status: 200, body: { tenant: caller.tenant } }) },
      'GET /either': { scope: 'operate', orScope: 'read', handle: async () => ({ status: 204 }) },
      'POST /one': { scope: 'write', handle: async () => ({ status: 202 }) },
      'GET /all': { scope: 'read', ofAllTenants: true, handle: async () => ({ status: 204 }) },
      'GET /open': { scope: 'public', handle: async () => ({ status: 204 }) },
    }
    const reader = { ...anybody, tenant: asTenant('acme'), isOperator: false, scopes: new Set(['read'] as const) }
    const service = createService({
      log: silent,
      routes,
      authenticate: ({ header }, { scope }) =>
        header('authorization') || scope === 'public' ? reader : new Problem('unauthenticated', 'Who is it?'),
    })
    const ask = async (path: string, method = 'GET', headers: Record<string, string> = { authorization: 'x' }) => {
      const answer = await way.request(service, path, { method, headers })
      return [answer.status, answer.headers.get('www-authenticate')]
    }
    expect(await answerOf(await way.request(service, '/one', { headers: { authorization: 'x' } }))).toEqual({
      tenant: 'acme',
    })
    expect(await ask('/either')).toEqual([204, null])
    expect(await ask('/open', 'GET', {})).toEqual([204, null])
    expect(await ask('/one', 'GET', {})).toEqual([401, null])
    expect(await ask('/one', 'HEAD', {})).toEqual([401, null])
    expect(await ask('/one', 'POST')).toEqual([403, 'Bearer error="insufficient_scope", scope="write"'])
    expect(await ask('/all')).toEqual([403, 'Bearer error="insufficient_scope", scope="read"'])
  })

  test('a route that exceeds its timeout answers 503', async () => {
    await using way = await openWay(name)
    const route: Route = { scope: 'read', handle: () => new Promise(() => {}), timeoutMs: 20 }
    const late = await way.request(serve({ 'GET /late': route }), '/late', {})
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1'])
  })

  test('a wrapper wraps every route', async () => {
    await using way = await openWay(name)
    const seen: string[] = []
    const service = createService({
      log: silent,
      routes: answering(async () => ({ status: 204 })),
      around: [
        (handle, { scope }) =>
          async (request) => {
            seen.push(`${scope} ${request.method}`)
            return handle(request)
          },
      ],
    })
    await way.request(service, '/things/1', {})
    await way.request(service, '/healthz', {})
    expect(seen).toEqual(['read GET', 'public GET'])
  })
})

test('a route asks another one on behalf of its own caller', async () => {
  const service = serve({
    'GET /outer': {
      scope: 'read',
      handle: async ({ ask }) => ({ status: 200, body: await (await ask('/inner?x=1')).text() }),
    },
    'GET /inner': {
      scope: 'read',
      handle: async ({ caller, url }) => ({ status: 200, body: `${caller.tenant} ${url}` }),
    },
  })
  expect(await (await service.request('/outer')).text()).toMatch(/^default .*\/inner\?x=1$/)
})

test('a service with a route without a scope does not start', () => {
  const handle: Handler = async () => ({ status: 204 })
  expect(() => serve({ 'GET /a': { handle } as unknown as Route })).toThrow('GET /a has no valid scope')
  expect(() => serve({ 'GET /a': { handle, scope: 'all' } as unknown as Route })).toThrow('GET /a has no valid scope')
})

test('log lines of a route have the request id and the tenant', async () => {
  const lines: object[] = []
  const log = { ...silent, info: (fields: object) => lines.push(fields) }
  const service = createService({
    log,
    routes: answering(async (request) => {
      request.log.info({ own: 1 }, 'a fact')
      return { status: 204 }
    }),
  })
  await using way = await openWay('over a socket')
  await way.request(service, '/things/1', { headers: { 'x-request-id': 'mine' } })
  expect(lines).toEqual([{ requestId: 'mine', tenant: 'default', own: 1 }])
})

describe('a call within the process', () => {
  const sent = { headers: { 'content-type': 'text/plain' }, body: Buffer.from('hello') }
  const echo: Routes = {
    'POST /echo': {
      scope: 'deliver',
      handle: async (request) => ({
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: `${request.header('content-type')} ${await request.bytes(5)}`,
      }),
    },
    'POST /nothing': { scope: 'deliver', handle: async () => ({ status: 204 }) },
  }
  const answered = async (path: string, body = sent.body) => {
    const answer = await serve(echo).call('POST', path, { ...sent, body })
    return [answer.status, Buffer.from(answer.body).toString()]
  }

  test('gets what a request would get', async () => {
    expect(await answered('/echo')).toEqual([200, 'text/plain hello'])
    expect(await answered('/nothing')).toEqual([204, ''])
  })

  test('gets a problem for a body that is too large', async () => {
    expect(await answered('/echo', Buffer.from('hello!'))).toEqual([413, expect.stringContaining('larger than 5')])
  })

  test('rejects for a path that is no route', async () => {
    await expect(answered('/elsewhere')).rejects.toThrow('POST /elsewhere is not a route')
  })
})
