import { createApp } from '@activity-log/persist/app.ts'
import { createActs } from '@activity-log/shared/access/acts.ts'
import { toRecord } from '@activity-log/shared/activity-recorded.ts'
import type { OwnActivity } from '@activity-log/shared/own-activity.ts'
import { accessOf, anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { anEvent, answerOf, delivery, post, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'

/** persist, of a log that suspends the tenant `initech`. */
function aPersist() {
  const all = ['read', 'operate'] as const
  const file = anAccessFile(
    { acme: { tenant: 'acme', scopes: [...all] }, operator: { tenant: '*', scopes: [...all] } },
    { suspended: ['initech'] },
  )
  const store = openMemoryStore()
  const recorded: OwnActivity[] = []
  const acts = createActs({ publish: async (own) => void recorded.push(own), now: () => new Date() })
  const { request } = createApp({ store, log: silent, now: () => new Date(), access: accessOf(file.path), acts })
  const stored = async (tenant: string) =>
    (await store.find({ filter: { tenant }, order: 'asc', limit: 9 })).map(({ activity }) => activity.id)
  /** Delivers to the dead letters, and returns the id that the tenant sees. */
  async function letterOf(tenant: string, sent: RequestInit): Promise<string> {
    expect((await request('/undelivered', sent)).status).toBe(204)
    const [found] = await store.findDeadLetters({ filter: { tenant }, order: 'asc', limit: 9 })
    return found?.deadLetter.id ?? ''
  }
  const replay = async (id: string, key: string, tenant = '', body?: unknown) => {
    const sent = body === undefined ? { method: 'POST', headers: {} } : post(body)
    const query = tenant && `?${new URLSearchParams({ tenant })}`
    const headers = { ...(sent.headers as { [name: string]: string }), ...bearer(key) }
    const answer = await request(`/dead-letters/${id}/replay${query}`, { ...sent, headers })
    return { status: answer.status, ...(await answerOf(answer)) }
  }
  return { ...file, stored, letterOf, replay, recorded }
}

/** A record whose body is a whole CloudEvent of a tenant; its headers may name another one, or none. */
function structured(tenant: string, headersOf?: string): RequestInit {
  const { headers, value } = toRecord(anEvent({ id: 'a-1' }, tenant))
  const attributes = Object.entries(headers).flatMap(([name, text]) =>
    name.startsWith('ce_') ? [[name.slice('ce_'.length), text]] : [],
  )
  const { body: _body, ...named } = delivery(toRecord(anEvent({ id: 'a-1' }, headersOf)))
  const position = { 'ce-knativekafkapartition': '0', 'ce-knativekafkaoffset': '1' }
  return {
    ...named,
    headers: {
      ...(headersOf === undefined ? position : (named.headers as { [name: string]: string })),
      'content-type': 'application/cloudevents+json',
    },
    body: JSON.stringify({ ...Object.fromEntries(attributes), data: JSON.parse(value) }),
  }
}

test('the replay of a dead letter stores nothing for another tenant than that of the dead letter', async () => {
  const { letterOf, replay, stored, keys } = aPersist()
  const letter = await letterOf('acme', structured('victim', 'acme'))
  expect(await replay(letter, keys.acme)).toMatchObject({ outcome: 'rejected', errors: [{ pointer: 'ce-tenant' }] })
  expect([await stored('victim'), await stored('acme')]).toEqual([[], []])
})

test('an operator replays for its tenant what belongs to no tenant, unless that tenant is suspended', async () => {
  const { letterOf, replay, stored, keys, recorded } = aPersist()
  const letter = await letterOf('$system', structured('acme'))
  expect(await replay(letter, keys.operator, '$system')).toMatchObject({
    status: 200,
    outcome: 'stored',
    links: { activity: '/logs/a-1?tenant=acme' },
  })
  expect(await stored('acme')).toEqual(['a-1'])
  // the tenant sees who has changed its log
  expect(recorded.map(({ tenant, activity }) => [tenant, activity.metadata?.['tenant']])).toEqual([
    ['acme', 'acme'],
    ['$system', 'acme'],
  ])
  const { letterOf: letterIn, ...another } = aPersist()
  const ofInitech = await letterIn('$system', structured('initech'))
  expect(await another.replay(ofInitech, another.keys.operator, '$system')).toMatchObject({ status: 403 })
  expect(await another.stored('initech')).toEqual([])
})

test('a correction writes nothing to the log of the system', async () => {
  const { letterOf, replay, stored, keys } = aPersist()
  const { headers, value } = toRecord(anEvent({ id: 'a-1' }, 'acme'))
  const letter = await letterOf('$system', delivery({ headers: { ...headers, ce_tenant: '' }, value }))
  const corrected = { id: 'a-1', userId: 'ann', action: 'pay' }
  expect(await replay(letter, keys.operator, '$system', corrected)).toMatchObject({
    status: 400,
    errors: [{ detail: expect.stringContaining('belongs to no tenant') }],
  })
  expect(await stored('$system')).toEqual([])
})
