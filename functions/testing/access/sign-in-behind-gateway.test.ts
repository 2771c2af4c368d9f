import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { createGateway } from '@activity-log/local/gateway-app.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

test.each([
  'localhost',
  '127.0.0.1',
])('behind the gateway, people sign in as they do at the log itself, which is at %s', async (at) => {
  await using log = await aLogWithKeys({ reader: { tenant: 'shop', scopes: ['read'] } })
  const target = `http://${at}:${new URL(log.origin).port}`
  const app = createGateway({ ingest: target, persist: target, query: target, log: silent })
  await using gateway = await listen({ ...app, port: 0, log: silent, allowedHosts: ['log.example'] })
  const signIn = async (port: string | number, host: string, headers: { [name: string]: string }) => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const sending = request({ port, path: '/login', method: 'POST', headers: { host, ...type, ...headers } })
    sending.end(new URLSearchParams({ key: log.keys.reader }).toString())
    const [answer] = (await once(sending, 'response')) as [IncomingMessage]
    answer.resume()
    return [answer.statusCode, answer.headers['set-cookie']?.length]
  }
  const own = { 'sec-fetch-site': 'same-origin' }
  for (const [origin, headers, expected] of [
    ['http://log.example:3000', {}, [400, undefined]],
    ['https://log.example', {}, [303, 1]],
    ['http://localhost:3000', {}, [303, 1]],
    ['http://127.0.0.1:3000', {}, [303, 1]],
    ['http://[::1]:3000', {}, [303, 1]],
    // a browser that takes the host for its own machine, or was told to trust it
    ['http://log.example:3000', own, [303, 1]],
    ['https://log.example', own, [303, 1]],
    ['http://localhost:3000', own, [303, 1]],
  ] as const) {
    const { host } = new URL(origin)
    for (const { port } of [new URL(log.origin), gateway])
      expect([origin, await signIn(port, host, { origin, ...headers })]).toEqual([origin, expected])
  }
  for (const port of [new URL(log.origin).port, gateway.port]) {
    expect(await signIn(port, 'log.example', own)).toEqual([303, 1])
    expect(await signIn(port, 'log.example', {})).toEqual([403, undefined])
    expect(await signIn(port, 'log.example', { origin: 'http://evil.example' })).toEqual([403, undefined])
  }
})
