import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { createActs, recordFirstSeen } from '@activity-log/shared/access/acts.ts'
import type { Wanted } from '@activity-log/shared/access/change-list.ts'
import { postOwn } from '@activity-log/shared/access/post-own.ts'
import { anybody } from '@activity-log/shared/http/caller.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { type OwnActivity, ownActivity, windowMs, windowOf } from '@activity-log/shared/own-activity.ts'
import { linesOf } from '@activity-log/shared/store/lines.ts'
import { accessOf, anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { answerOf, post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { describe, expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

type Shown = { id: string; userId: string; action: string; metadata: { [name: string]: string } }

describe('the use of the log is in the log', () => {
  const keys: { [name in 'reader' | 'other' | 'operator']: Partial<Wanted> } = {
    reader: { name: 'Support', tenant: 'shop', scopes: ['read', 'operate', 'write'] },
    other: { tenant: 'bakery', scopes: ['read'] },
    operator: { name: 'Olga', tenant: '*', scopes: ['read', 'operate'] },
  }
  /** The clock stands still, so that no window ends between two acts. */
  const at = windowOf(new Date())
  const openLog = () => aLogWithKeys(keys, { at: () => at })
  type Log = Awaited<ReturnType<typeof openLog>>
  const listOf = async (log: Log, tenant: string) => {
    const path = `/logs?tenant=${encodeURIComponent(tenant)}&action=activity-log.*&limit=100`
    const response = await fetch(log.origin + path, { headers: log.as(log.keys.operator) })
    return (await answerOf(response)).data as Shown[]
  }
  const actionsIn = async (log: Log, tenant: string) => (await listOf(log, tenant)).map(({ action }) => action).sort()

  test('a key that is used for the first time, and a sign-in, are in the log of their tenant, once', async () => {
    await using log = await openLog()
    for (let time = 0; time < 3; time++) {
      expect((await log.form('/login', { key: log.keys.reader })).status).toBe(303)
      await fetch(`${log.origin}/logs`, { headers: log.as(log.keys.other) })
    }
    await until(async () => (await listOf(log, 'shop')).length === 2 && (await listOf(log, 'bakery')).length === 1)
    expect(await actionsIn(log, 'shop')).toEqual(['activity-log.first-seen', 'activity-log.sign-in'])
    expect(await actionsIn(log, 'bakery')).toEqual(['activity-log.first-seen'])
    const signIn = (await listOf(log, 'shop')).find(({ action }) => action === 'activity-log.sign-in')
    expect(signIn).toMatchObject({ userId: `key:${log.ids.reader}`, metadata: { name: 'Support' } })
    // the operator's key, which has just been used for the first time
    await until(async () => (await listOf(log, '$system')).length === 1)
    expect(await listOf(log, '$system')).toMatchObject([
      { action: 'activity-log.first-seen', userId: `key:${log.ids.operator}` },
    ])
  })

  test('the name of a key may hold what no activity may', async () => {
    await using log = await aLogWithKeys({ ...keys, odd: { tenant: 'shop', name: 'a\u0000\ud800' } }, { at: () => at })
    expect((await log.form('/login', { key: log.keys.odd })).status).toBe(303)
    await until(async () => (await listOf(log, 'shop')).length === 2)
    const signIn = (await listOf(log, 'shop')).find(({ action }) => action === 'activity-log.sign-in')
    expect(signIn?.metadata).toEqual({ name: 'a\ufffd\ufffd' })
  })

  test('exports are recorded, and those of operators in both logs', async () => {
    await using log = await openLog()
    const exported = async (query: string, key: string) => {
      const response = await fetch(`${log.origin}/export?${query}`, { headers: log.as(key) })
      await response.text()
      return response.status
    }
    expect(await exported('format=csv&action=cart.*', log.keys.reader)).toBe(200)
    expect(await exported('format=csv&action=cart.*', log.keys.reader)).toBe(200)
    expect(await exported('format=xml', log.keys.reader)).toBe(400)
    expect(await exported('format=ndjson&tenant=shop', log.keys.operator)).toBe(200)
    const exportsIn = async (tenant: string) =>
      (await listOf(log, tenant)).filter(({ action }) => action === 'activity-log.export')
    await until(async () => (await exportsIn('shop')).length === 2 && (await exportsIn('$system')).length === 1)
    expect((await exportsIn('shop')).map(({ metadata }) => metadata).toSorted(byName)).toEqual([
      { name: 'Olga', tenant: 'shop', query: 'format=ndjson' },
      { name: 'Support', query: 'format=csv&action=cart.*' },
    ])
    expect((await exportsIn('$system'))[0]?.metadata).toEqual({ name: 'Olga', tenant: 'shop', query: 'format=ndjson' })
  })

  test('replays and discards are recorded with the dead letter', async () => {
    await using log = await openLog()
    const as = { ...log.as(log.keys.reader), 'content-type': 'application/json' }
    const send = (path: string, method: string, body?: object) =>
      fetch(log.origin + path, { method, headers: as, ...(body && { body: JSON.stringify(body) }) })
    await send('/logs', 'POST', { id: 'a-1', userId: 'ann', action: 'login' })
    await send('/logs', 'POST', { id: 'a-1', userId: 'ann', action: 'logout' })
    const letters = async () => (await answerOf(await send('/dead-letters', 'GET'))).data as { id: string }[]
    await until(async () => (await letters()).length === 1)
    const [{ id } = { id: '' }] = await letters()
    expect((await send(`/dead-letters/${id}/replay`, 'POST')).status).toBe(200)
    expect((await send('/dead-letters/none/replay', 'POST')).status).toBe(404)
    const forged = { userId: 'ann', action: 'activity-log.sign-in' }
    expect((await send(`/dead-letters/${id}/replay`, 'POST', forged)).status).toBe(400)
    expect((await send(`/dead-letters/${id}`, 'DELETE', { note: 'a test' })).status).toBe(204)
    await until(async () => (await listOf(log, 'shop')).length === 3)
    const acts = (await listOf(log, 'shop')).filter(({ action }) => /replay|discard/.test(action))
    expect(acts.map(({ action, metadata }) => [action, metadata]).toSorted()).toEqual([
      ['activity-log.discard', { name: 'Support', deadLetter: id, note: 'a test' }],
      ['activity-log.replay', { name: 'Support', deadLetter: id, as: 'it was' }],
    ])
  })

  test('each correction of a dead letter is recorded, and one that is repeated once', async () => {
    await using log = await openLog()
    const as = { ...log.as(log.keys.reader), 'content-type': 'application/json' }
    const send = (path: string, body: object) =>
      fetch(log.origin + path, { method: 'POST', headers: as, body: JSON.stringify(body) })
    await send('/logs', { id: 'a-1', userId: 'ann', action: 'login' })
    await send('/logs', { id: 'a-1', userId: 'ann', action: 'logout' })
    const letters = async () =>
      (await answerOf(await fetch(`${log.origin}/dead-letters`, { headers: as }))).data as { id: string }[]
    await until(async () => (await letters()).length === 1)
    const [{ id } = { id: '' }] = await letters()
    const corrections = [
      { userId: 'ann', action: 'pay' },
      { userId: 'bob', action: 'pay' },
      { action: 'pay', userId: 'ann' },
    ]
    for (const correction of corrections) {
      const answer = await answerOf(await send(`/dead-letters/${id}/replay`, correction))
      expect(answer).toMatchObject({ outcome: 'conflict' })
    }
    const replays = async () => (await listOf(log, 'shop')).filter(({ action }) => action === 'activity-log.replay')
    await until(async () => (await replays()).length === 2)
    const said = (await replays()).map(({ metadata }) => metadata)
    const correction = expect.stringMatching(/^[\w-]{22}$/)
    const one = { name: 'Support', deadLetter: id, as: 'corrected', correction }
    expect(said).toEqual([one, one])
    expect(said[0]).not.toEqual(said[1])
  })

  test('the same act is another one five minutes later', async () => {
    const act = (at: number) =>
      ownActivity('shop', { action: 'export', keyId: 'k', at: new Date(at), metadata: {} }).activity.id
    expect(act(0)).toBe(act(0))
    expect(act(0)).not.toBe(act(windowMs))
  })

  test.each([
    ['an action', { userId: 'ann', action: 'activity-log.sign-in' }, '/action'],
    ['an action in other letters', { userId: 'ann', action: ' Activity-Log.export ' }, '/action'],
    ['an action that looks like one', { userId: 'ann', action: '\u200bаctivity\u2010log.export' }, '/action'],
    ['an id', { id: 'activity-log.x', userId: 'ann', action: 'login' }, '/id'],
  ])('no client writes %s of the log itself', async (_, activity, pointer) => {
    await using log = await openLog()
    const send = (path: string, type: string, body: string, headers = {}) =>
      fetch(log.origin + path, {
        method: 'POST',
        headers: { ...log.as(log.keys.reader), 'content-type': type, ...headers },
        body,
      })
    const one = await send('/logs', 'application/json', JSON.stringify(activity))
    expect([one.status, (await answerOf(one)).errors?.[0]?.pointer]).toEqual([400, pointer])
    const many = await send('/logs', 'application/x-ndjson', JSON.stringify(activity))
    expect([many.status, (await answerOf(many)).results[0]?.errors?.[0]?.pointer]).toEqual([400, `/0${pointer}`])
    const { id = 'e-1', userId: subject, action: type } = { id: undefined, ...activity }
    const event = { specversion: '1.0', source: 's', id, subject, type }
    expect((await send('/logs', 'application/cloudevents+json', JSON.stringify(event))).status).toBe(400)
    const ours = { ...event, type: 'dev.activity-log.activity.recorded.v1', data: activity }
    expect((await send('/logs', 'application/cloudevents+json', JSON.stringify(ours))).status).toBe(400)
    const mapped = JSON.stringify({ i: id, u: subject, a: type })
    expect((await send('/logs?id=i&user=u&action=a', 'application/json', mapped)).status).toBe(400)
  })

  test('no client takes an id of the log by its Idempotency-Key', async () => {
    await using log = await openLog()
    const sent = post({ userId: 'ann', action: 'login' })
    const headers = { ...sent.headers, ...log.as(log.keys.reader), 'idempotency-key': 'activity-log.x' }
    expect((await fetch(`${log.origin}/logs`, { ...sent, headers })).status).toBe(400)
  })

  test('nothing is recorded of a log without keys, nor of reads', async () => {
    await using log = await openLog()
    await fetch(`${log.origin}/logs`, { headers: log.as(log.keys.reader) })
    await fetch(`${log.origin}/stats?by=action`, { headers: log.as(log.keys.reader) })
    await until(async () => (await listOf(log, 'shop')).length === 1)
    expect(await actionsIn(log, 'shop')).toEqual(['activity-log.first-seen'])
  })
})

const byName = (a: { name?: string }, b: { name?: string }) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)

describe('query and persist record by way of ingest', () => {
  const file = () =>
    anAccessFile({
      audit: { tenant: '*', scopes: ['audit'] },
      reader: { tenant: 'shop', scopes: ['read', 'operate'] },
      writer: { tenant: 'shop', scopes: ['write'] },
    })

  async function anIngest(fails = () => false) {
    const made = file()
    const published: { tenant: string; activity: object }[] = []
    const app = createIngest({
      broker: {
        async publish(records) {
          if (fails()) throw new Error('Kafka is down')
          for (const { headers, value } of records)
            published.push({ tenant: String(headers['ce_tenant']), activity: JSON.parse(value) })
          return records.map((_, offset) => ({ partition: 0, offset }))
        },
      },
      log: silent,
      now: () => new Date(),
      newId: () => 'new',
      access: accessOf(made.path),
    })
    const server = await listen({ ...app, port: 0, log: silent })
    return Object.assign(server, { ...made, published, origin: `http://localhost:${server.port}` })
  }
  const own = ownActivity('shop', { action: 'sign-in', keyId: 'k', at: new Date(0), metadata: { name: 'n' } })

  test('the key with the scope audit writes what the log records, and nothing else', async () => {
    await using ingest = await anIngest()
    await postOwn({ url: ingest.origin, key: ingest.keys.audit })(own)
    await postOwn({ url: ingest.origin, key: ingest.keys.audit })({ ...own, tenant: '$system' })
    expect(ingest.published).toEqual([own, { ...own, tenant: '$system' }])
    const other = { tenant: 'shop', activity: { ...own.activity, action: 'login' } }
    await expect(postOwn({ url: ingest.origin, key: ingest.keys.audit })(other)).rejects.toThrow('400')
    const logs = await fetch(`${ingest.origin}/logs?tenant=shop`, {
      ...post({ userId: 'ann', action: 'login' }),
      headers: { 'content-type': 'application/json', ...bearer(ingest.keys.audit) },
    })
    expect(logs.status).toBe(403)
    for (const key of [ingest.keys.writer, ingest.keys.reader])
      await expect(postOwn({ url: ingest.origin, key })(own)).rejects.toThrow('ingest answered 4')
    expect(ingest.published).toHaveLength(2)
  })

  test('what could not be stored is not published, so that its act is not done', async () => {
    const published: unknown[] = []
    const app = createIngest({
      broker: {
        async publish(records) {
          published.push(...records)
          return records.map((_, offset) => ({ partition: 0, offset }))
        },
      },
      log: silent,
      now: () => new Date(),
      newId: () => 'new',
    })
    const tooLarge = { ...own, activity: { ...own.activity, metadata: { note: 'x'.repeat(40_000) } } }
    await expect(app.publishOwn(tooLarge)).rejects.toThrow('cannot be stored')
    expect(published).toEqual([])
    await app.publishOwn(own)
    expect(published).toHaveLength(1)
  })

  test('whoever repeats an act at once makes no more records, unless the first one failed', async () => {
    let isDown = true
    let at = 0
    const sent: string[] = []
    const publish = async ({ activity }: OwnActivity) => {
      sent.push(activity.id)
      if (isDown) throw new Error('ingest is down')
    }
    const reader = { ...anybody, keyId: 'k', isOperator: false }
    const acts = createActs({ publish, now: () => new Date(0), clock: () => at })
    const repeat = () => Promise.all(Array.from({ length: 5 }, () => acts.record(reader, 'export')))
    await expect(repeat()).rejects.toThrow('could not record')
    expect(sent).toHaveLength(1)
    isDown = false
    await repeat()
    await repeat()
    expect(sent).toHaveLength(2)
    await acts.record(reader, 'export', { query: 'format=csv' })
    expect(sent).toHaveLength(3)
    at += 1_000
    await repeat()
    expect(sent).toHaveLength(4)
    expect(new Set(sent).size).toBe(2)
    // an outage that began meanwhile is noticed
    isDown = true
    at += 1_000
    await expect(repeat()).rejects.toThrow('could not record')
  })

  test('without keys, nobody can forge what the log records', async () => {
    const app = createIngest({
      broker: { publish: async () => [] },
      log: silent,
      now: () => new Date(),
      newId: () => 'new',
    })
    expect((await app.request('/own-activities', post(own.activity))).status).toBe(403)
  })

  test('what has to be recorded is a 503 while it cannot be, and then works; reads go on', async () => {
    let isDown = true
    await using ingest = await anIngest(() => isDown)
    const publish = postOwn({ url: ingest.origin, key: ingest.keys.audit })
    const access = accessOf(ingest.path)
    const now = () => new Date()
    const acts = createActs({ publish, now })
    const seen: OwnActivity[] = []
    recordFirstSeen(access, { publish, isKnown: async (activity) => seen.push(activity) === 0 })
    const store = aStore()
    const query = createQuery({ store, log: silent, now, access, acts })
    const persist = createPersist({ store, log: silent, now, access, acts })
    const as = bearer(ingest.keys.reader)
    const form = {
      method: 'POST',
      body: new URLSearchParams({ key: ingest.keys.reader }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    }
    const statuses = async () => [
      (await query.request('/login', form)).status,
      (await query.request('/export?format=csv', { headers: as })).status,
      (await persist.request('/dead-letters/letter/replay', { method: 'POST', headers: as })).status,
      (await persist.request('/dead-letters/letter', { ...post({ note: 'n' }, as), method: 'DELETE' })).status,
    ]
    expect(await statuses()).toEqual([503, 503, 503, 503])
    expect(store.changes).toEqual([])
    expect((await query.request('/export?format=csv', { method: 'HEAD', headers: as })).status).toBe(200)
    expect((await query.request('/dead-letters', { headers: as })).status).toBe(200)
    isDown = false
    expect(await statuses()).toEqual([303, 200, 200, 204])
    expect(store.changes).toHaveLength(2)
    expect(seen.map(({ activity }) => activity.action)).toEqual(['activity-log.first-seen'])
  })

  test('without INGEST_URL it is a 503 as well, that says so', async () => {
    const { path, keys } = file()
    const access = accessOf(path)
    const acts = createActs({ publish: undefined, now: () => new Date() })
    const query = createQuery({ store: aStore(), log: silent, now: () => new Date(), access, acts })
    const answer = await query.request('/export?format=csv', { headers: bearer(keys.reader) })
    expect([answer.status, (await answerOf(answer)).detail]).toEqual([503, expect.stringContaining('INGEST_URL')])
  })
})

/** A store with one dead letter, which is a duplicate when it is replayed. */
function aStore() {
  const changes: string[] = []
  const at = new Date(0)
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': 'a-1',
    'ce-source': 's',
    'ce-type': 'dev.activity-log.activity.recorded.v1',
    'ce-tenant': 'shop',
    'ce-recordedtime': at.toISOString(),
    'content-type': 'application/json',
  }
  const activity = { id: 'a-1', userId: 'ann', action: 'login', timestamp: at.toISOString() }
  const letter = {
    id: 'letter',
    tenant: 'shop',
    reason: 'conflict',
    errors: [],
    topic: 'activities',
    position: { partition: 0, offset: 0 },
    headers,
    body: Buffer.from(JSON.stringify(activity)),
    firstAt: at,
    lastAt: at,
    attempts: 1,
  }
  const nothing = async () => []
  return {
    changes,
    getDeadLetter: async () => letter,
    save: async () => ['duplicate'],
    deadLetter: async () => changes.push('deadLetter'),
    resolve: async () => changes.push('resolve'),
    find: nothing,
    findLines: linesOf(nothing),
    findDeadLetters: nothing,
    ledger: nothing,
  } as never as Parameters<typeof createQuery>[0]['store'] &
    Parameters<typeof createPersist>[0]['store'] & { changes: string[] }
}
