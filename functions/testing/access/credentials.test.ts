import { connect } from 'node:net'
import { createApp } from '@activity-log/ingest/app.ts'
import { newKey, toKey } from '@activity-log/shared/access/key.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { accessOf, anAccessFile } from '@activity-log/shared/testing/access.ts'
import { anActivity, silent } from '@activity-log/shared/testing/builders.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const { path, keys, ids } = anAccessFile({
  valid: { tenant: 'acme' },
  another: { tenant: 'another' },
  expired: { tenant: 'acme', expires: '2024-01-01T00:00:00Z' },
  future: { tenant: 'acme', notBefore: '2124-01-01T00:00:00Z' },
})
const { valid } = keys
const tenants: string[] = []

async function ingest() {
  const publish = async (records: readonly { headers: { [name: string]: string } }[]) => {
    tenants.push(...records.map(({ headers }) => headers['ce_tenant'] as string))
    return records.map((_record, offset) => ({ partition: 0, offset }))
  }
  const access = accessOf(path)
  const app = createApp({ broker: { publish }, log: silent, now: () => new Date(), newId: () => 'id', access })
  return listen({ ...app, onTurnedAway: access.onTurnedAway, port: 0, log: silent })
}
let server: Awaited<ReturnType<typeof ingest>>
beforeAll(async () => {
  server = await ingest()
})
afterAll(() => server[Symbol.asyncDispose]())

const body = JSON.stringify(anActivity())

/** Sends a request as it is, and resolves with its whole answer. A Host in capitals takes the other way through. */
function ask(
  lines: readonly string[],
  host = 'localhost',
  target = '/logs',
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const socket = connect(server.port, '127.0.0.1').setEncoding('latin1')
  let answer = ''
  socket.on('data', (text) => {
    answer += text
  })
  socket.once('error', reject)
  socket.once('close', () => {
    const [head = '', text = ''] = answer.split('\r\n\r\n')
    resolve({ status: Number(head.slice(9, 12)), text })
  })
  const own = [`Host: ${host}`, 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]
  const head = [`POST ${target} HTTP/1.1`, ...own, 'Connection: close', ...lines]
  socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'))
  return promise
}
const hosts = ['localhost', 'LOCALHOST'] as const

const wrongSecret = toKey(ids.valid, newKey().text.slice(16, 59)).text
const changed = `${valid.slice(0, -1)}${valid.endsWith('0') ? '1' : '0'}`

describe.each(hosts)('a request to %s', (host) => {
  test.each<[what: string, lines: string[], status: number]>([
    ['nothing', [], 401],
    ['an empty header', ['Authorization:'], 401],
    ['the scheme alone', ['Authorization: Bearer'], 401],
    ['another scheme', [`Authorization: Basic ${Buffer.from(`key:${valid}`).toString('base64')}`], 401],
    ['the key alone', [`Authorization: ${valid}`], 401],
    ['no space after the scheme', [`Authorization: Bearer${valid}`], 401],
    ['a quoted key', [`Authorization: Bearer "${valid}"`], 401],
    ['a key and more', [`Authorization: Bearer ${valid} x`], 401],
    ['two keys in one header', [`Authorization: Bearer ${valid}, Bearer ${keys.another}`], 401],
    ['the same key twice', [`Authorization: Bearer ${valid}`, `Authorization: Bearer ${valid}`], 400],
    ['two keys', [`Authorization: Bearer ${valid}`, `authorization: Bearer ${keys.another}`], 400],
    ['a key after another scheme', ['Authorization: Basic eDp5', `Authorization: Bearer ${valid}`], 400],
    ['a key of 60 KiB', [`Authorization: Bearer ${valid}${'0'.repeat(60 * 1024)}`], 431],
    ['a key of 12 KiB', [`Authorization: Bearer ${valid}${'0'.repeat(12 * 1024)}`], 401],
    ['a key in other case', [`Authorization: Bearer ${valid.toLowerCase()}`], 401],
    ['a wrong checksum', [`Authorization: Bearer ${changed}`], 401],
    ['a right checksum and a wrong secret', [`Authorization: Bearer ${wrongSecret}`], 401],
    ['an unknown key', [`Authorization: Bearer ${newKey().text}`], 401],
    ['an expired key', [`Authorization: Bearer ${keys.expired}`], 401],
    ['a key that is not valid yet', [`Authorization: Bearer ${keys.future}`], 401],
    ['a key in a cookie', [`Cookie: key=${valid}; __Host-session=${valid}`], 401],
    ['a key for a proxy', [`Proxy-Authorization: Bearer ${valid}`], 401],
    ['a key from a page', [`Authorization: Bearer ${valid}`, 'Origin: http://localhost'], 401],
    ['a control character', [`Authorization: Bearer ${valid}\u0001`], 400],
    ['a letter beyond ASCII', [`Authorization: Bearer ${valid}\u00e9`], 401],
    ['the key', [`Authorization: Bearer ${valid}`], 202],
    ['the scheme in other case', [`AUTHORIZATION: bEARER ${valid}`], 202],
    ['more spaces', [`Authorization:   Bearer   ${valid}  `], 202],
    ['the key and a cookie', [`Authorization: Bearer ${valid}`, 'Cookie: __Host-session=x'], 202],
  ])('with %s', async (_what, lines, status) => {
    tenants.length = 0
    expect((await ask(lines, host)).status).toBe(status)
    expect(tenants).toEqual(status === 202 ? ['acme'] : [])
  })

  test.each([
    `/logs?key=${valid}`,
    `/logs?key=x${valid}x`,
    `/logs?${encodeURIComponent(valid).replaceAll('_', '%5F')}`,
    `/logs?tenant=acme`,
    `/logs?tenant=another`,
    `/logs?%74enant=another`,
  ])('for %s takes nothing', async (target) => {
    tenants.length = 0
    expect((await ask([`Authorization: Bearer ${valid}`], host, target)).status).toBe(
      target.includes('enant') ? 400 : 401,
    )
    expect(tenants).toEqual([])
  })
})

test('an unknown key, a wrong secret, an expired one and one that is not valid yet get the same answer', async () => {
  const texts = [newKey().text, wrongSecret, keys.expired, keys.future].map((key) => `Authorization: Bearer ${key}`)
  const answers = await Promise.all(texts.map((line) => ask([line])))
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
})

describe('whatever is sent as credentials', () => {
  const edits = fc.array(
    fc.record({
      at: fc.nat(valid.length),
      remove: fc.nat(3),
      insert: fc.constantFrom('', '_', ' ', 'a', 'als_', ',', '%', '\u00e9', valid.slice(0, 20)),
    }),
    { minLength: 1, maxLength: 4 },
  )
  const edited = edits.map((all) =>
    all.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), valid),
  )
  const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })
  const scheme = fc.constantFrom('Bearer ', 'bearer ', 'Basic ', '', 'Bearer\t')

  test('is a valid key or gets a 400 or 401, and the same on both ways', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scheme, fc.oneof(edited, printable), async (scheme, text) => {
        tenants.length = 0
        const line = `Authorization: ${scheme}${text}`
        const [one, other] = await Promise.all(hosts.map((host) => ask([line], host)))
        expect(one?.status).toBe(other?.status)
        const isKey = /^bearer $/i.test(scheme) && text.trim() === valid
        if (isKey) expect(tenants).toEqual(['acme', 'acme'])
        else {
          expect([400, 401]).toContain(one?.status)
          expect(tenants).toEqual([])
        }
      }),
      { numRuns: 150 },
    )
  })
})
