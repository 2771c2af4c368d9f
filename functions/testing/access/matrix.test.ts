import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { revokeKey } from '@activity-log/shared/access/change-list.ts'
import { newKey, toKey } from '@activity-log/shared/access/key.ts'
import type { Service } from '@activity-log/shared/http/service.ts'
import { ownActivity } from '@activity-log/shared/own-activity.ts'
import { toReceipt } from '@activity-log/shared/receipt.ts'
import { accessOf, anAccessFile, bearer, writeAccess } from '@activity-log/shared/testing/access.ts'
import { aDeadLetter, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { afterAll, describe, expect, test } from 'vitest'

/** Every way to come, and what a route may then answer. */
const callers = [
  'none',
  'broken',
  'unknown',
  'wrong secret',
  'expired',
  'early',
  'revoked',
  'other tenant',
  'write',
  'read',
  'operate',
  'erase',
  'tokens',
  'audit',
  'operator',
  'operator, unnamed',
] as const
type CallerName = (typeof callers)[number]

const receivedAt = new Date('2026-01-01T00:00:00.000Z')
const id = 'of-acme'
const userId = 'somebody of acme'
const receipt = toReceipt({ position: { partition: 0, offset: 0 }, recordedAt: receivedAt })

/** What belongs to the tenant `acme`, and four keys that are not valid. */
async function aLog() {
  const store = openMemoryStore()
  await store.save([{ ...recorded({ id, userId }, 0, 'acme'), recordedAt: receivedAt }])
  await store.deadLetter([aDeadLetter({ tenant: 'acme', position: { partition: 0, offset: 1 } })])
  const [letter] = await store.findDeadLetters({ filter: { tenant: 'acme' }, order: 'asc', limit: 1 })
  const acme = { tenant: 'acme' }
  const all = ['write', 'read', 'operate', 'erase', 'tokens', 'audit'] as const
  const file = anAccessFile({
    write: { ...acme, scopes: ['write'] },
    read: { ...acme, scopes: ['read'] },
    operate: { ...acme, scopes: ['operate'] },
    erase: { ...acme, scopes: ['erase'] },
    tokens: { ...acme, scopes: ['tokens'] },
    audit: { ...acme, scopes: ['audit'] },
    'other tenant': { tenant: 'other', scopes: [...all] },
    operator: { tenant: '*', scopes: [...all] },
    expired: { ...acme, scopes: [...all], expires: '2024-01-01T00:00:00Z' },
    early: { ...acme, scopes: [...all], notBefore: '2124-01-01T00:00:00Z' },
    revoked: { ...acme, scopes: [...all] },
  })
  writeAccess(file.path, revokeKey(file.list, file.ids.revoked, new Date()) ?? file.list)
  const access = accessOf(file.path)
  const now = () => receivedAt
  let offset = 10
  const publish = async (records: readonly unknown[]) => records.map(() => ({ partition: 0, offset: offset++ }))
  const stop = AbortSignal.abort()
  const apps: Service[] = [
    createIngest({ broker: { publish }, log: silent, now, newId: () => 'made', access }),
    createPersist({ store, log: silent, now, access }),
    createQuery({ store, log: silent, now, access, stopping: stop }),
  ]
  const keys: { [name in CallerName]: string | undefined } = {
    ...file.keys,
    none: undefined,
    broken: file.keys.read.slice(0, -1),
    unknown: newKey().text,
    'wrong secret': toKey(file.ids.read, newKey().text.slice(16, 59)).text,
    'operator, unnamed': file.keys.operator,
  }
  return { apps, keys, letter: letter?.deadLetter.id ?? '' }
}

const ownForm = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
const { activity: ownAct } = ownActivity('acme', { action: 'sign-in', keyId: 'k', at: receivedAt, metadata: {} })

/** The request for each route. A route without one fails the test. */
const requests: { readonly [route: string]: RequestInit & { path?: string } } = {
  'POST /logs': { headers: { 'content-type': 'application/json' }, body: '{"userId":"u","action":"a"}' },
  'POST /logs/batch': { headers: { 'content-type': 'application/json' }, body: '[{"userId":"u","action":"a"}]' },
  'POST /': { headers: { 'content-type': 'application/json' }, body: '{}' },
  'POST /undelivered': { headers: { 'content-type': 'application/json' }, body: '{}' },
  'POST /dead-letters/:id/replay': {},
  'DELETE /dead-letters/:id': { headers: { 'content-type': 'application/json' }, body: '{"note":"n"}' },
  'GET /metrics': {},
  'GET /healthz': {},
  'GET /logs': {},
  'GET /logs/:id': { path: `/logs/${id}` },
  'GET /logs/:id/context': { path: `/logs/${id}/context` },
  'GET /export': { path: '/export?format=ndjson' },
  'GET /stats': { path: '/stats?by=action' },
  'GET /receipts/:receipt': { path: `/receipts/${receipt}` },
  'POST /receipts': { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ receipts: [receipt] }) },
  'GET /dead-letters': {},
  'GET /dead-letters/:id': {},
  'GET /live': {},
  'GET /ledger': {},
  'GET /tenants': {},
  'GET /': {},
  'GET /viewer/users': {},
  'GET /viewer/actions': {},
  'GET /viewer/logs/:id': { path: `/viewer/logs/${id}` },
  'GET /viewer/dead-letters': {},
  'GET /viewer/dead-letters/:id': {},
  'POST /viewer/dead-letters/:id': { headers: ownForm, body: 'do=discard&note=n' },
  'GET /viewer/ledger': {},
  'GET /viewer/tenants': {},
  'GET /login': {},
  'POST /login': { headers: ownForm, body: 'key=none' },
  'POST /logout': { headers: ownForm },
  'POST /own-activities': { headers: { 'content-type': 'application/json' }, body: JSON.stringify(ownAct) },
  'GET /docs': {},
  'GET /openapi.json': {},
  'GET /assets/:file': { path: '/assets/x' },
}

const notValid: readonly CallerName[] = ['none', 'broken', 'unknown', 'wrong secret', 'expired', 'early', 'revoked']
/** Who sends a form is led to a page then. */
const isDone = (status: number) => status < 300 || status === 303
const isOfOne = (route: string) => /\/:id|\/:receipt/.test(route)

const { apps: tables } = await aLog()
const routes = tables.flatMap((app) => Object.entries(app.routes).map(([name, route]) => ({ app, name, route })))
const rows = new Map<string, string[]>()

describe('the matrix of access', () => {
  test('has an entry for every route, and no other', () => {
    expect(Object.keys(requests).toSorted()).toEqual([...new Set(routes.map(({ name }) => name))].toSorted())
  })

  test.each(routes)('$name', async ({ app, name, route }) => {
    const { scope, orScope, ofAllTenants } = route
    const statuses: string[] = []
    for (const caller of callers) {
      // a replay or a discard changes what the next caller would find
      const { apps, keys, letter } = await aLog()
      const own = apps[tables.indexOf(app)] as Service
      const [method = '', pattern = ''] = name.split(' ')
      const { path = pattern.replace(':id', letter), ...init } = requests[name] ?? {}
      const needsTenant = scope !== 'public' && scope !== 'deliver' && !ofAllTenants
      const names = caller === 'operator' && needsTenant
      const url = names ? `${path}${path.includes('?') ? '&' : '?'}tenant=acme` : path
      const key = keys[caller]
      const headers = { ...(init.headers as Record<string, string>), ...(key !== undefined && bearer(key)) }
      const response = await own.request(url, { ...init, method, headers })
      const text = caller === 'other tenant' && !/\/live/.test(name) ? await response.text() : ''
      await response.body?.cancel().catch(() => {})
      const { status } = response
      statuses.push(String(status))
      const challenge = response.headers.get('www-authenticate') ?? ''
      const about = `${name} as ${caller}`

      // the key in the form counts, and not that of the request
      if (name === 'POST /login') expect([about, status]).toEqual([about, 401])
      else if (scope === 'public') expect([about, [200, 303, 404].includes(status)]).toEqual([about, true])
      // the network lets dispatchers in, whatever they send
      else if (scope === 'deliver') expect([about, status]).toEqual([about, 400])
      else if (notValid.includes(caller)) {
        expect([about, status]).toEqual([about, 401])
        expect(challenge).toBe(`Bearer realm="activity-log"${caller === 'none' ? '' : ', error="invalid_token"'}`)
      } else if (caller === 'operator') expect([about, isDone(status)]).toEqual([about, true])
      else if (caller === 'operator, unnamed') {
        expect([about, ofAllTenants ? status < 300 : status === 400]).toEqual([about, true])
      } else if (caller === 'other tenant') {
        if (ofAllTenants) expect([about, status]).toEqual([about, 403])
        else if (isOfOne(name) && !/receipt/.test(name)) expect([about, status]).toEqual([about, 404])
        else expect([about, status < 300]).toEqual([about, true])
        if (/receipt/.test(name)) expect(text).toContain('"pending"')
        expect([about, text.includes(userId)]).toEqual([about, false])
      } else {
        const isEnough = (caller === scope || caller === orScope) && !ofAllTenants
        expect([about, isEnough ? isDone(status) : status === 403]).toEqual([about, true])
        if (!isEnough) expect(challenge).toBe(`Bearer error="insufficient_scope", scope="${scope}"`)
      }
    }
    rows.set(name, statuses)
  })

  afterAll(() => {
    const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
    const head = ['route', ...callers]
    const table = [line(head), line(head.map(() => '---')), ...[...rows].map(([name, each]) => line([name, ...each]))]
    const file = process.env['ACCESS_MATRIX'] || join(aFolder(), 'matrix.md')
    writeFileSync(file, `${table.join('\n')}\n`)
  })
})
