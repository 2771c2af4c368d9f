import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { anEvent, aRecord, delivery, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, test, vi } from 'vitest'
import { createApp } from './app.ts'
import { type DeliveryKeys, readDeliveryKeys } from './delivery-keys.ts'
import { authenticateDeliveries, createVerifier } from './delivery-token.ts'

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const [first, second] = [pair(), pair()]
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' })
const jwks = (...keys: object[]): DeliveryKeys => readDeliveryKeys(JSON.stringify({ keys }))
const withFirst = jwks(jwk(first.publicKey, 'first'))
const withBoth = jwks(jwk(first.publicKey, 'first'), jwk(second.publicKey, 'second'))

const dispatcher = 'system:serviceaccount:activity-log:dispatcher'
const trust = { issuer: 'https://kubernetes', audience: 'persist.activity-log', subjects: [dispatcher] }
const start = new Date('2026-01-01T00:00:00Z')
const inS = (seconds: number) => Math.floor(start.getTime() / 1000) + seconds
const claims: JWTPayload = { iss: trust.issuer, aud: trust.audience, sub: dispatcher, exp: inS(3_600), iat: inS(0) }

type Header = { alg?: string; kid?: string; [name: string]: unknown }
const token = (changes: JWTPayload = {}, header: Header = {}, key: KeyObject = first.privateKey) =>
  new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: 'RS256', kid: 'first', ...header }).sign(key)

/** A persist that asks for tokens, over a file with keys that the test replaces. */
function persist(given: DeliveryKeys | 'none yet' = withFirst, maxRemembered = 10_000) {
  let known = given === 'none yet' ? undefined : given
  let inFile = known
  let at = start
  const reads: number[] = []
  const verify = createVerifier({
    trust,
    keys: {
      current: async () => known,
      readAgain: async () => {
        reads.push(at.getTime() - start.getTime())
        known = inFile
        return known
      },
    },
    now: () => at,
    maxRemembered,
  })
  const store = openMemoryStore()
  const app = createApp({
    store,
    log: silent,
    now: () => at,
    authenticate: authenticateDeliveries(verify, trust.subjects),
  })
  async function deliver(authorization: string | undefined, path = '/') {
    const { headers, ...request } = delivery(aRecord())
    const sent = { ...(headers as { [name: string]: string }), ...(authorization !== undefined && { authorization }) }
    const response = await app.request(path, { ...request, headers: sent })
    return { status: response.status, text: await response.text() }
  }
  return {
    app,
    store,
    verify,
    deliver,
    reads,
    at: (seconds: number) => {
      at = new Date(start.getTime() + seconds * 1000)
    },
    replace: (next: DeliveryKeys, isSeen = false) => {
      inFile = next
      if (isSeen) known = next
    },
  }
}
const bearer = async (...given: Parameters<typeof token>) => `Bearer ${await token(...given)}`

test.each(['/', '/undelivered'])('takes deliveries to %s with the token of a dispatcher', async (path) => {
  const { deliver } = persist()
  expect((await deliver(await bearer(), path)).status).toBe(204)
  expect((await deliver(await bearer({ aud: ['another', trust.audience] }), path)).status).toBe(204)
  expect((await deliver((await bearer()).replace('Bearer', 'bearer'), path)).status).toBe(204)
})

test('takes a delivery without a token if no configuration asks for one', async () => {
  const app = createApp({ store: openMemoryStore(), log: silent, now: () => start })
  expect((await app.request('/', delivery(aRecord()))).status).toBe(204)
})

test('asks for no token elsewhere', async () => {
  expect((await persist().app.request('/healthz')).status).toBe(200)
  expect((await persist().app.request(`/dead-letters/${'0'.repeat(32)}`, { method: 'DELETE' })).status).toBe(404)
})

describe('answers 503, after which the dispatcher tries again, to', () => {
  const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const hs256 = () =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'first' })
      .sign(Buffer.from(first.publicKey.export({ format: 'pem', type: 'spki' }) as string))
  test.each<[what: string, authorization: () => Promise<string | undefined> | string | undefined, why: RegExp]>([
    ['no token', () => undefined, /came without a token/],
    ['an empty one', () => '', /no signed token/],
    ['another scheme', async () => `Basic ${await token()}`, /no signed token/],
    ['two tokens', async () => `${await bearer()}, ${await bearer()}`, /no signed token/],
    ['one that is not signed', () => `Bearer ${new UnsecuredJWT(claims).encode()}`, /no signed token/],
    [
      'the algorithm none with a signature',
      () => `Bearer ${b64({ alg: 'none' })}.${b64(claims)}.AAAA`,
      /not valid .*"alg"/,
    ],
    ['HS256 with the public key as its secret', async () => `Bearer ${await hs256()}`, /not valid .*"alg"/],
    ['an algorithm that the key is not for', () => bearer({}, { alg: 'RS512' }), /not valid .*"alg"/],
    ['an expired one', () => bearer({ exp: inS(-61) }), /not valid .*"exp"/],
    ['one that is not valid yet', () => bearer({ nbf: inS(61) }), /not valid .*"nbf"/],
    ['one that never expires', async () => bearer({ exp: undefined as never }), /not valid .*"exp"/],
    ['one without a subject', () => bearer({ sub: undefined as never }), /not valid .*"sub"/],
    ['another audience', () => bearer({ aud: 'https://kubernetes' }), /not valid .*"aud"/],
    ['another issuer', () => bearer({ iss: 'https://elsewhere' }), /not valid .*"iss"/],
    ['an unknown key', () => bearer({}, { kid: 'third' }), /not valid .*no applicable key/],
    ['a signature of another key', () => bearer({}, {}, second.privateKey), /not valid .*signature/],
    [
      'a changed token',
      async () => (await bearer()).replace(/\.[\w-]+\./, `.${b64({ ...claims, x: 1 })}.`),
      /signature/,
    ],
    ['a header that is no JSON', async () => (await bearer()).replace(/ [\w-]+\./, ' AAAA.'), /no valid header/],
    ['keys of its own by address', () => bearer({}, { jku: 'https://elsewhere/jwks' }), /has jku/],
    ['a certificate by address', () => bearer({}, { x5u: 'https://elsewhere/cert' }), /has x5u/],
    ['a key in it', () => bearer({}, { jwk: second.publicKey.export({ format: 'jwk' }) }), /has jwk/],
    ['an extension that is critical', async () => `Bearer ${b64({ alg: 'RS256', crit: ['x'] })}.e30.AAAA`, /has crit/],
    ['one of more than 8 KiB', () => bearer({ note: 'x'.repeat(8_000) }), /larger than 8192 bytes/],
  ])('%s', async (_what, authorization, why) => {
    const { deliver, store } = persist()
    const { status, text } = await deliver(await authorization())
    expect([status, JSON.parse(text).detail]).toEqual([503, expect.stringMatching(why)])
    expect(text).not.toContain('[object')
    expect(await store.find({ filter: { tenant: anEvent().tenant }, order: 'asc', limit: 1 })).toEqual([])
  })

  test('a token while there are no keys, and takes it once there are', async () => {
    const { deliver, replace } = persist('none yet')
    const { status, text } = await deliver(await bearer())
    expect([status, text]).toEqual([503, expect.stringContaining('there are no keys')])
    replace(withFirst, true)
    expect((await deliver(await bearer())).status).toBe(204)
  })
})

test('answers 403, after which the dispatcher makes a dead letter, to a valid token of somebody else', async () => {
  const { deliver, store } = persist()
  for (let time = 0; time < 2; time++) {
    const { status, text } = await deliver(await bearer({ sub: 'system:serviceaccount:activity-log:default' }))
    expect([status, text]).toEqual([403, expect.stringContaining('its subject may not deliver records')])
  }
  expect(await store.find({ filter: { tenant: anEvent().tenant }, order: 'asc', limit: 1 })).toEqual([])
})

test('allows clocks to differ by a minute', async () => {
  const { deliver } = persist()
  for (const changes of [{ exp: inS(-59) }, { nbf: inS(59) }]) {
    expect((await deliver(await bearer(changes))).status).toBe(204)
  }
})

describe('when the keys of the cluster change', () => {
  test('a token with an unknown key makes persist read the file again, at most every 30 s', async () => {
    const { deliver, reads, at, replace } = persist()
    const [unknown, next] = [await bearer({}, { kid: 'third' }), await bearer({}, { kid: 'second' }, second.privateKey)]
    expect((await deliver(unknown)).status).toBe(503)
    replace(withBoth)
    at(29)
    expect((await deliver(next)).status).toBe(503)
    expect(reads).toEqual([0])
    at(30)
    expect((await deliver(next)).status).toBe(204)
    expect(reads).toEqual([0, 30_000])
    expect((await deliver(await bearer())).status).toBe(204)
  })

  test('a clock that was set back does not keep it from reading', async () => {
    const { deliver, reads, at } = persist()
    await deliver(await bearer({}, { kid: 'third' }))
    at(-3_600)
    await deliver(await bearer({}, { kid: 'third' }))
    expect(reads).toHaveLength(2)
  })

  test('a token of a key that was removed counts no longer, even though it was verified before', async () => {
    const { deliver, replace } = persist(withBoth)
    const old = await bearer()
    expect((await deliver(old)).status).toBe(204)
    replace(jwks(jwk(second.publicKey, 'second')), true)
    expect((await deliver(old)).status).toBe(503)
  })
})

describe('a token that was verified', () => {
  /** How many signatures were checked. */
  const signatures = async (work: () => Promise<unknown>) => {
    const spy = vi.spyOn(crypto.subtle, 'verify')
    await work()
    const { length } = spy.mock.calls
    spy.mockRestore()
    return length
  }

  test('is remembered for five minutes', async () => {
    const { verify, at } = persist()
    const sent = await bearer()
    expect(await signatures(() => verify(sent))).toBe(1)
    at(299)
    expect(await signatures(() => verify(sent))).toBe(0)
    at(300)
    expect(await signatures(() => verify(sent))).toBe(1)
  })

  test('is forgotten when it expires', async () => {
    const { verify, at } = persist()
    const sent = await bearer({ exp: inS(60) })
    await verify(sent)
    at(59)
    expect(await signatures(() => verify(sent))).toBe(0)
    at(121)
    await expect(verify(sent)).rejects.toThrow(/"exp"/)
  })

  test('is forgotten when there are too many others', async () => {
    const { verify } = persist(withFirst, 2)
    const [one = '', two = '', three = ''] = await Promise.all(['1', '2', '3'].map((jti) => bearer({ jti })))
    for (const each of [one, two, three]) await verify(each)
    expect(await signatures(() => verify(two))).toBe(0)
    expect(await signatures(() => verify(one))).toBe(1)
  })
})
