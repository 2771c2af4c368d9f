import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

test('a key that others know is logged as leaked, whichever route sees the request, or none', {
  timeout: 60_000,
}, async () => {
  const shop = { tenant: 'shop' }
  const ofOwnPages = { known: shop, open: shop, unknown: shop }
  const { path, keys, ids } = anAccessFile({
    ...{ page: shop, program: shop, slashes: shop, foreign: shop, expects: shop },
    ...{ space: shop, huge: shop, badHeader: shop, tunnel: shop, second: shop },
    ...ofOwnPages,
  })
  await using log = await startLog(aFolder(), { ACCESS_FILE: path })
  const { port } = new URL(log.origin)
  // fetch sends no Origin of its own choice
  const get = (target: string, ...headers: string[]) => send(`GET ${target}`, ...headers)
  const send = async (line: string, ...headers: string[]) => {
    const socket = connect(Number(port), '127.0.0.1')
    const lines = [`${line} HTTP/1.1`, `Host: localhost:${port}`]
    socket.write(`${[...lines, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`)
    return (await text(socket)).slice(9, 12)
  }
  const as = (key: string) => `Authorization: ${bearer(key).authorization}`
  const ofOthers = 'Origin: https://shop.example'
  expect(await get('/logs', as(keys.program))).toBe('200')
  expect(await get('/logs', as(keys.page), ofOthers)).toBe('403')
  expect(await get(`/logs?key=${keys.foreign}`, ofOthers)).toBe('403')
  expect(await get(`//logs?key=${keys.slashes}`)).toBe('400')
  expect(await get(`/logs?key=${keys.expects}`, 'Expect: cake')).toBe('417')
  // Node's parser makes no request of these
  expect(await get(`/logs?key=${keys.space}&userId=John Doe`)).toBe('400')
  expect(await get(`/logs?key=${keys.huge}`, `Cookie: ${'x'.repeat(20_000)}`)).toBe('431')
  expect(await get(`/logs?key=${keys.badHeader}`, 'Bad Header: 1')).toBe('400')
  expect(await get(`/healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /logs?key=${keys.second}`, 'a\x01: b')).toBe('200')
  expect(await send(`CONNECT ${keys.tunnel}:443`)).toBe('405')
  const own = `Origin: http://localhost:${port}`
  expect(await get('/logs', as(keys.known), own)).toBe('401')
  expect(await get('/healthz', as(keys.open), own)).toBe('401')
  expect(await get('/nowhere', as(keys.unknown), own)).toBe('401')
  expect([await get('/healthz', own), await get('/nowhere', own)]).toEqual(['200', '404'])
  const leaks = () =>
    log
      .output()
      .split('\n')
      .filter((line) => line.includes('a key has leaked'))
      .map((line) => JSON.parse(line))
  await until(() => leaks().length === 12)
  expect(leaks()).toMatchObject([
    { keyId: ids.page, tenant: 'shop', place: 'origin' },
    { keyId: ids.foreign, tenant: 'shop', place: 'url' },
    { keyId: ids.slashes, tenant: 'shop', place: 'url' },
    { keyId: ids.expects, tenant: 'shop', place: 'url' },
    { keyId: ids.space, tenant: 'shop', place: 'url' },
    { keyId: ids.huge, tenant: 'shop', place: 'url' },
    { keyId: ids.badHeader, tenant: 'shop', place: 'url' },
    { keyId: ids.second, tenant: 'shop', place: 'url' },
    { keyId: ids.tunnel, tenant: 'shop', place: 'url' },
    { keyId: ids.known, tenant: 'shop', place: 'origin' },
    { keyId: ids.open, tenant: 'shop', place: 'origin' },
    { keyId: ids.unknown, tenant: 'shop', place: 'origin' },
  ])
  for (const key of Object.values(keys)) expect(log.output()).not.toContain(key.slice(16, 59))
})

test('a key in the id of a request is not in the log', { timeout: 60_000 }, async () => {
  const { path, keys, ids } = anAccessFile({ reader: { tenant: 'shop', scopes: ['read'] } })
  await using log = await startLog(aFolder(), { ACCESS_FILE: path })
  const signedIn = await fetch(`${log.origin}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', 'x-request-id': keys.reader },
    body: new URLSearchParams({ key: keys.reader }),
  })
  expect(signedIn.status).toBe(303)
  await until(() => log.output().includes('a person signed in'))
  expect(log.output()).toContain(`"requestId":"als_${ids.reader}…"`)
  expect(log.output()).not.toContain(keys.reader.slice(16, 59))
})
