import { describe, expect, test } from 'vitest'
import type { Routes } from '../http/route.ts'
import { createService } from '../http/service.ts'
import { accessOf, anAccessFile, bearer, writeAccess } from '../testing/access.ts'
import { answerOf, silent } from '../testing/builders.ts'
import { openWay, ways } from '../testing/ways.ts'
import { accessOptions } from './access.ts'
import { emptyAccessList } from './access-list.ts'
import { revokeKey, rotateKey } from './change-list.ts'
import { newKey, readKey, toKey } from './key.ts'

const routes: Routes = {
  'GET /mine': {
    scope: 'read',
    handle: async ({ caller, url }) => ({
      status: 200,
      body: { tenant: caller.tenant, url: url.replace(/^http:\/\/[^/]+/, ''), subject: caller.subject ?? null },
    }),
  },
  'POST /mine': { scope: 'write', handle: async () => ({ status: 202 }) },
  'GET /either': { scope: 'read', orScope: 'write', handle: async () => ({ status: 204 }) },
  'GET /all': { scope: 'operate', ofAllTenants: true, handle: async () => ({ status: 204 }) },
  'GET /open': { scope: 'public', handle: async () => ({ status: 204 }) },
  'POST /': { scope: 'deliver', handle: async () => ({ status: 204 }) },
}

const hourMs = 3_600_000
const file = (ofLocal: { expires?: string } = {}) =>
  anAccessFile(
    {
      acme: { tenant: 'acme' },
      writer: { tenant: 'acme', scopes: ['write'] },
      operator: { tenant: '*', scopes: ['write', 'read', 'operate'] },
      local: { tenant: 'acme', scopes: ['operate', 'read'], ...ofLocal },
      stopped: { tenant: 'stopped' },
      past: { expires: '2024-01-01T00:00:00Z' },
      future: { notBefore: '2124-01-01T00:00:00Z' },
    },
    { suspended: ['stopped'] },
  )

describe.each(ways)('%s', (name) => {
  async function opened(given = file(), options: Parameters<typeof accessOf>[1] = {}) {
    const way = await openWay(name)
    const lines: string[] = []
    const log = { ...silent, warn: (fields: object, fact: string) => lines.push(JSON.stringify({ fact, ...fields })) }
    const access = accessOf(given.path, { log, ...options })
    const service = createService({ log: silent, routes, ...accessOptions(access) })
    const ask = async (path: string, headers: [string, string][] | Record<string, string> = {}, method = 'GET') => {
      const answer = await way.request(service, path, { method, headers })
      return { status: answer.status, challenge: answer.headers.get('www-authenticate'), text: await answer.text() }
    }
    return { ask, way, service, lines, access, ...given, [Symbol.asyncDispose]: () => way[Symbol.asyncDispose]() }
  }

  test('a key makes the caller: its tenant, its name and its scopes', async () => {
    await using all = await opened()
    const { service, way, keys, ask } = all
    const answer = await answerOf(await way.request(service, '/mine', { headers: bearer(keys.acme) }))
    expect(answer).toEqual({ tenant: 'acme', url: '/mine', subject: 'acme' })
    expect((await ask('/mine', { authorization: `bEARER   ${keys.acme}` })).status).toBe(200)
    expect((await ask('/either', bearer(keys.writer))).status).toBe(204)
    expect((await ask('/mine', bearer(keys.writer))).challenge).toBe('Bearer error="insufficient_scope", scope="read"')
  })

  test('the log says when the first use of a key is not recorded, and it is tried again a minute later', async () => {
    const clock = { ms: 0 }
    await using all = await opened(file(), { clock: () => clock.ms })
    const told: string[] = []
    all.access.onFirstSeen(async ({ keyId }) => {
      told.push(keyId)
      if (told.length === 1) throw new Error('ingest is down')
    })
    for (const ms of [0, 59_999, 60_000, 180_000]) {
      clock.ms = ms
      await all.ask('/mine', bearer(all.keys.acme))
    }
    expect(told).toEqual([all.ids.acme, all.ids.acme])
    const fact = 'the first use of a key could not be recorded; it is tried again'
    expect(all.lines.map((line) => JSON.parse(line))).toEqual([{ fact, keyId: all.ids.acme, reason: 'ingest is down' }])
  })

  test('without a key, the answer is a 401 that asks for one; what is public needs none', async () => {
    await using all = await opened()
    const none = await all.ask('/mine')
    expect([none.status, none.challenge]).toEqual([401, 'Bearer realm="activity-log"'])
    for (const other of ['', 'Basic dXNlcjpwYXNz', 'Token abc', `${all.keys.acme}`, `Bearer${all.keys.acme}`]) {
      const answer = await all.ask('/mine', { authorization: other })
      expect([other, answer.status, answer.challenge]).toEqual([other, 401, 'Bearer realm="activity-log"'])
    }
    expect((await all.ask('/open')).status).toBe(204)
    expect((await all.ask('/healthz')).status).toBe(200)
    expect((await all.ask('/', {}, 'POST')).status).toBe(204)
  })

  test('every key that is not valid gets the same answer', async () => {
    await using all = await opened()
    const { keys, ids } = all
    const unknown = newKey().text
    // the id and the checksum are right, the secret is not
    const forged = toKey(ids.acme, unknown.slice(16, 59)).text
    expect(readKey(forged)?.id).toBe(ids.acme)
    const answers = new Set<string>()
    for (const sent of [
      unknown,
      forged,
      keys.past,
      keys.future,
      'als_',
      '',
      'x'.repeat(8000),
      keys.acme.toLowerCase(),
    ]) {
      const { status, challenge, text } = await all.ask('/mine', { authorization: `Bearer ${sent}` })
      answers.add(`${status} ${challenge} ${text}`)
    }
    const [only = '', ...others] = answers
    expect(others).toEqual([])
    expect(only).toMatch(/^401 Bearer realm="activity-log", error="invalid_token" /)
    const twice = await all.ask('/mine', [
      ['authorization', `Bearer ${keys.acme}`],
      ['authorization', `Bearer ${keys.writer}`],
    ])
    expect(`${twice.status} ${twice.challenge} ${twice.text}`).toBe(only)
  })

  test('a key that is revoked between two requests is not valid for the second', async () => {
    let at = 0
    await using all = await opened(file(), { clock: () => at })
    expect((await all.ask('/mine', bearer(all.keys.acme))).status).toBe(200)
    writeAccess(all.path, revokeKey(all.list, all.ids.acme, new Date()) ?? all.list)
    at += 1000
    expect((await all.ask('/mine', bearer(all.keys.acme))).status).toBe(401)
    expect((await all.ask('/mine', bearer(all.keys.local))).status).toBe(200)
  })

  test('a key that was just taken is not taken from a page of a browser, nor once it expires', async () => {
    let now = Date.UTC(2024, 0, 1)
    const given = file({ expires: new Date(now + hourMs).toISOString() })
    await using all = await opened(given, { now: () => now })
    const headers = bearer(given.keys.local)
    expect((await all.ask('/mine', headers)).status).toBe(200)
    // over a socket the door turns it away
    const inPage = await all.ask('/mine', { ...headers, origin: 'http://localhost' })
    expect(inPage.status).toBe(name === 'handed over' ? 401 : 403)
    now += hourMs
    expect((await all.ask('/mine', headers)).status).toBe(401)
  })

  test('during a rotation both keys are valid, and after it the new one alone', async () => {
    const given = file()
    const until = new Date(Date.now() + hourMs)
    const rotated = rotateKey(given.list, given.ids.acme, { now: new Date(), until })
    if (!rotated) throw new Error('nothing was rotated')
    writeAccess(given.path, rotated.list)
    let now = Date.now()
    await using all = await opened(given, { now: () => now })
    const statuses = async () => [
      (await all.ask('/mine', bearer(given.keys.acme))).status,
      (await all.ask('/mine', bearer(rotated.key.text))).status,
    ]
    expect(await statuses()).toEqual([200, 200])
    now += hourMs + 1
    expect(await statuses()).toEqual([401, 200])
    // a clock that jumps back does not matter to the new key
    now -= 2 * hourMs
    expect((await all.ask('/mine', bearer(rotated.key.text))).status).toBe(200)
  })

  test('a key in a URL, or with the Origin of a page, is not taken, and is logged as leaked without its secret', async () => {
    await using all = await opened()
    const { keys, ids } = all
    const inUrl = await all.ask(`/mine?key=${keys.acme}`, bearer(keys.acme))
    expect([inUrl.status, inUrl.challenge]).toEqual([401, 'Bearer realm="activity-log", error="invalid_token"'])
    expect((await all.ask(`/open?key=${keys.writer.replaceAll('_', '%5F')}`)).status).toBe(401)
    for (const place of ['?a=%zz&key=', '?a=%ff%20'])
      expect((await all.ask(`/open${place}${keys.local.replace('als', '%61l%73')}`)).status).toBe(401)
    const inPage = await all.ask('/mine', { ...bearer(keys.operator), origin: 'http://localhost' })
    if (name === 'handed over') expect(inPage.status).toBe(401)
    // a path or a method that is not in the table changes nothing about that
    expect((await all.ask(`/nowhere?key=${keys.stopped}`)).status).toBe(401)
    expect((await all.ask(`/open?key=${keys.past}`, {}, 'DELETE')).status).toBe(401)
    expect([(await all.ask('/nowhere')).status, (await all.ask('/open', {}, 'DELETE')).status]).toEqual([404, 405])
    const logged = all.lines.join('\n')
    expect(logged).toContain(ids.stopped)
    expect(logged).toContain(ids.local)
    expect(logged).toContain(ids.acme)
    expect(logged).toContain(ids.writer)
    for (const key of Object.values(keys)) expect(logged).not.toContain(key.slice(16, 59))
    expect((await all.ask(`/mine?key=${newKey().text}`, bearer(keys.acme))).status).toBe(401)
    expect(all.lines.join('\n')).toBe(logged)
  })

  test('an operator names the tenant, and nobody else does', async () => {
    await using all = await opened()
    const { keys, ask, way, service } = all
    const asked = await way.request(service, '/mine?a=1&tenant=acme%20%26%20co&b=2', { headers: bearer(keys.operator) })
    expect(await answerOf(asked)).toMatchObject({ tenant: 'acme & co', url: '/mine?a=1&b=2' })
    const system = await way.request(service, '/mine?tenant=$system', { headers: bearer(keys.operator) })
    expect(await answerOf(system)).toMatchObject({ tenant: '$system', url: '/mine' })
    for (const wrong of ['', '?tenant=', '?tenant=*', '?tenant=a&tenant=b', '?tenant=%00', '?tenant', '?tenant=%ff'])
      expect([wrong, (await ask(`/mine${wrong}`, bearer(keys.operator))).status]).toEqual([wrong, 400])
    for (const other of ['acme', 'other']) {
      expect((await ask(`/mine?tenant=${other}`, bearer(keys.acme))).status).toBe(400)
      expect((await ask(`/mine?%74enant=${other}`, bearer(keys.acme))).status).toBe(400)
    }
    // only the log itself writes there
    expect((await ask('/mine?tenant=%24system', bearer(keys.operator), 'POST')).status).toBe(400)
    // no key can be for them
    for (const name of ['%24x', '%EF%BF%BD']) {
      expect((await ask(`/mine?tenant=${name}`, bearer(keys.operator), 'POST')).status).toBe(400)
      expect((await ask(`/mine?tenant=${name}`, bearer(keys.operator))).status).toBe(200)
    }
    expect((await ask('/all', bearer(keys.operator))).status).toBe(204)
    expect((await ask('/all', bearer(keys.local))).status).toBe(403)
    expect((await ask('/metrics', bearer(keys.local))).status).toBe(403)
    expect((await ask('/metrics', bearer(keys.operator))).text).toContain('access_rejected_total{reason="invalid"}')
  })

  test('a suspended tenant reads and does not write', async () => {
    await using all = await opened()
    const { keys, ask } = all
    expect((await ask('/mine', bearer(keys.stopped))).status).toBe(200)
    const refused = await ask('/mine', bearer(keys.stopped), 'POST')
    expect([refused.status, JSON.parse(refused.text).type]).toEqual([403, 'urn:activity-log:problem:suspended'])
    expect((await ask('/mine?tenant=stopped', bearer(keys.operator), 'POST')).status).toBe(403)
    expect((await ask('/mine?tenant=acme', bearer(keys.operator), 'POST')).status).toBe(202)
    expect(all.access.isSuspended('stopped')).toBe(true)
  })

  test('with a file that has no key, every answer is a 503', async () => {
    const given = file()
    writeAccess(given.path, emptyAccessList)
    await using all = await opened(given)
    for (const path of ['/mine', '/all', '/either', '/metrics'])
      expect([path, (await all.ask(path, bearer(given.keys.operator))).status]).toEqual([path, 503])
    expect((await all.ask('/mine', {}, 'POST')).status).toBe(503)
    expect((await all.ask('/healthz')).status).toBe(200)
  })
})
