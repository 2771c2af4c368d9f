import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import { describe, expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

/** A log with one dead letter of each tenant, and a session of each person. */
async function aLog(basePath = '') {
  const log = await aLogWithKeys(
    {
      desk: { name: 'Desk', tenant: 'shop', scopes: ['read', 'operate', 'write'] },
      reader: { tenant: 'shop', scopes: ['read'] },
      other: { tenant: 'bakery', scopes: ['read', 'operate', 'write'] },
      operator: { name: 'Olga', tenant: '*', scopes: ['read', 'operate'] },
    },
    { basePath },
  )
  const api = log.origin + basePath
  async function aConflict(key: string, id: string): Promise<string> {
    for (const action of ['login', 'logout']) {
      const headers = { 'content-type': 'application/json', ...log.as(key) }
      const body = JSON.stringify({ id, userId: 'ann', action })
      expect((await fetch(`${api}/logs`, { method: 'POST', headers, body })).status).toBe(202)
    }
    let found: { id: string } | undefined
    await until(async () => {
      found = (await answerOf(await fetch(`${api}/dead-letters`, { headers: log.as(key) }))).data[0]
      return found !== undefined
    })
    return found?.id ?? ''
  }
  const letter = await aConflict(log.keys.desk, 'a-1')
  const others = await aConflict(log.keys.other, 'b-1')
  const pathOf = (id: string) => `${basePath}/viewer/dead-letters/${id}`
  const page = async (path: string, session: { cookie: string }) => {
    const response = await log.open(path, session)
    return { status: response.status, text: await response.text() }
  }
  /** Sends the form of a page as a browser does, and resolves with where it leads. */
  async function act(path: string, fields: { [name: string]: string }, headers: { [name: string]: string }) {
    const response = await log.form(path.slice(basePath.length), fields, { accept: 'text/html', ...headers })
    return { status: response.status, to: response.headers.get('location') }
  }
  const state = async (key: string, id: string) =>
    ((await (await fetch(`${api}/dead-letters/${id}`, { headers: log.as(key) })).json()) as { state: string }).state
  return Object.assign(log, { letter, others, pathOf, page, act, state, api })
}

describe.each(['', '/audit'])('the page of a dead letter, under the base path "%s"', (basePath) => {
  test('replays and discards for who may operate, says what became of it, and the log records both', async () => {
    await using log = await aLog(basePath)
    const desk = await log.signIn(log.keys.desk)
    const path = log.pathOf(log.letter)
    const { text } = await log.page(path, desk)
    const [, action = ''] = /<form action="([^"]*dead-letters[^"]*)" method="post">/.exec(text) ?? []
    expect(action).toBe(path)

    const own = { ...desk, ...log.own }
    const replayed = await log.act(action, { do: 'replay' }, own)
    expect(replayed).toEqual({ status: 303, to: `${path}?outcome=conflict` })
    expect((await log.page(replayed.to ?? '', desk)).text).toContain('another activity has the same id.</p>')

    expect((await log.act(action, { do: 'discard', note: ' ' }, own)).status).toBe(400)
    expect((await log.act(action, { do: 'erase' }, own)).status).toBe(400)
    const discarded = await log.act(action, { do: 'discard', note: 'sent <twice>' }, own)
    expect(discarded).toEqual({ status: 303, to: `${path}?outcome=discarded` })
    const after = (await log.page(discarded.to ?? '', desk)).text
    expect(after).toContain('Discarded: the record is kept')
    expect(after).toContain('sent &lt;twice&gt;')
    expect(after).not.toContain('value="replay"')
    expect(await log.state(log.keys.desk, log.letter)).toBe('discarded')
    expect((await log.act(action, { do: 'replay' }, own)).status).toBe(409)

    const acts = async () => {
      const listed = await fetch(`${log.api}/logs?action=activity-log.*`, { headers: log.as(log.keys.desk) })
      const found = (await answerOf(listed)).data as { action: string; metadata: object }[]
      return found.filter(({ action }) => /replay|discard/.test(action))
    }
    await until(async () => (await acts()).length === 2)
    expect((await acts()).map(({ metadata }) => metadata)).toEqual(
      expect.arrayContaining([
        { name: 'Desk', deadLetter: log.letter, as: 'it was' },
        { name: 'Desk', deadLetter: log.letter, note: 'sent <twice>' },
      ]),
    )
  })

  test('an operator acts for the tenant of the page, which every step keeps', async () => {
    await using log = await aLog(basePath)
    const olga = await log.signIn(log.keys.operator)
    const { text } = await log.page(`${log.pathOf(log.letter)}?tenant=shop`, olga)
    const action = `${log.pathOf(log.letter)}?tenant=shop`
    expect(text).toContain(`<form action="${action}" method="post">`)
    const own = { ...olga, ...log.own }
    const replayed = await log.act(action, { do: 'replay' }, own)
    expect(replayed).toEqual({ status: 303, to: `${log.pathOf(log.letter)}?outcome=conflict&tenant=shop` })
    expect((await log.page(replayed.to ?? '', olga)).status).toBe(200)
    for (const tenant of ['bakery', '$system']) {
      const elsewhere = `${log.pathOf(log.letter)}?tenant=${encodeURIComponent(tenant)}`
      expect([tenant, (await log.act(elsewhere, { do: 'replay' }, own)).status]).toEqual([tenant, 404])
    }
    // without a tenant, the operator chooses one and comes back to the page
    expect(await log.act(log.pathOf(log.letter), { do: 'replay' }, own)).toEqual({
      status: 303,
      to: `${basePath}/viewer/tenants?${new URLSearchParams({ to: log.pathOf(log.letter) })}`,
    })
  })
})

test('nobody else acts on a dead letter: not a reader, not another tenant, not another page', async () => {
  await using log = await aLog()
  const path = log.pathOf(log.letter)
  const [desk, reader, other] = await Promise.all([
    log.signIn(log.keys.desk),
    log.signIn(log.keys.reader),
    log.signIn(log.keys.other),
  ])
  const replay = { do: 'replay' }
  expect((await log.page(path, reader)).status).toBe(403)
  expect((await log.act(path, replay, { ...reader, ...log.own })).status).toBe(403)
  expect((await log.act(path, replay, { ...other, ...log.own })).status).toBe(404)
  const signIn = `/login?${new URLSearchParams({ to: path })}`
  expect(await log.act(path, replay, log.own)).toEqual({ status: 303, to: signIn })
  for (const headers of [{}, { origin: 'http://evil.example' }, { 'sec-fetch-site': 'same-site' }] as {
    [name: string]: string
  }[])
    expect((await log.act(path, replay, { ...desk, ...headers })).status).toBe(403)
  const json = { ...desk, ...log.own, 'content-type': 'application/json' }
  expect((await log.form(path, replay, json)).status).toBe(415)
  expect((await log.form(path, { ...replay, note: 'x'.repeat(20_000) }, { ...desk, ...log.own })).status).toBe(413)
  expect(await log.state(log.keys.desk, log.letter)).toBe('open')
  expect(await log.state(log.keys.other, log.others)).toBe('open')
})

test('an address cannot claim what did not happen', async () => {
  await using log = await aLog()
  const desk = await log.signIn(log.keys.desk)
  for (const outcome of ['stored', 'discarded', 'duplicate', 'conflict', 'constructor', '<b>'])
    expect((await log.page(`${log.pathOf(log.letter)}?outcome=${outcome}`, desk)).text).not.toContain('class="said"')
})
