import { createApp as createQuery } from '@activity-log/query/app.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { slotSizes } from '@activity-log/shared/http/slots.ts'
import { firstKeyAt } from '@activity-log/shared/key.ts'
import { TooBroad } from '@activity-log/shared/store/activities.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { accessOf, anAccessFile } from '@activity-log/shared/testing/access.ts'
import { anActivity, post, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore, openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { openConformance } from './conformance.ts'
import { aFilledLog, aLog, type Call, filled } from './log-for-tests.ts'
import { operations } from './openapi-document.ts'

test('answers conform to the contract, and every status in it has an answer', async () => {
  const { faultsOf, unseen } = openConformance()
  const faults: string[] = []
  const ask = async (call: Call, method: string, path: string, url: string, init?: Omit<RequestInit, 'method'>) =>
    faults.push(...(await faultsOf(method.toLowerCase(), path, await call(method, url, init))))
  const sent = (body: unknown, headers = {}) => {
    const { method: _method, ...init } = post(body, headers)
    return init
  }
  const { apps, call, letter, other, receipt } = await aFilledLog(openTestStore())
  const large = { metadata: { text: 'x'.repeat(300_000) } }

  for (const body of [anActivity(), {}, large]) await ask(call, 'POST', '/logs', '/logs', sent(body))
  const event = { specversion: '1.0', id: 'e', source: '/s', type: 't' }
  await ask(call, 'POST', '/logs', '/logs', sent(event, { 'content-type': 'application/cloudevents+json' }))
  const batch = '/logs/batch'
  for (const body of [[anActivity()], [anActivity(), {}], [{}], Array(1001).fill(anActivity())]) {
    await ask(call, 'POST', batch, batch, sent(body))
  }
  for (const path of ['/logs', batch]) {
    await ask(call, 'POST', path, path, sent('x', { 'content-type': 'text/plain' }))
  }
  await ask(call, 'POST', '/receipts', '/receipts?wait=1', sent({ receipts: [receipt] }))
  await ask(call, 'POST', '/receipts', '/receipts', sent({ receipts: [] }))
  await ask(call, 'POST', '/receipts', '/receipts', sent('x'.repeat(300_000)))
  await ask(call, 'POST', '/receipts', '/receipts', sent('x', { 'content-encoding': 'br' }))
  const away = aLog(outage(), () => Promise.reject(new Error('away')))
  await ask(away.call, 'POST', '/logs', '/logs', sent(anActivity()))
  await ask(away.call, 'POST', batch, batch, sent([anActivity(), {}]))
  await ask(away.call, 'POST', '/receipts', '/receipts', sent({ receipts: [receipt] }))

  const lists = [
    '',
    '?limit=1',
    '?count=none',
    '?count=exact',
    '?page=9',
    `?receipt=${receipt}`,
    '?limit=x',
    '?action=*,*',
  ]
  for (const query of lists) await ask(call, 'GET', '/logs', `/logs${query}`)
  await ask(call, 'GET', '/logs', '/logs?receipt=AQAAAAAAAAAAAAAAAaIQMHYH')
  const tooBroad = aLog({ find: () => Promise.reject(new TooBroad('too broad')) })
  await ask(tooBroad.call, 'GET', '/logs', '/logs')
  const searched = { found: [], through: firstKeyAt(1_705_312_800_123_456_789n) }
  const partly = aLog({ find: () => Promise.reject(new TooBroad('too broad', { searched })) })
  await ask(partly.call, 'GET', '/logs', '/logs?userId=a&q=b')
  const tag = (await call('GET', '/logs/id-1')).headers.get('etag') ?? ''
  await ask(call, 'GET', '/logs/{id}', '/logs/id-1')
  await ask(call, 'GET', '/logs/{id}', '/logs/id-1', { headers: { 'if-none-match': tag } })
  await ask(call, 'GET', '/logs/{id}/context', '/logs/id-2/context')
  for (const [path, url] of [
    ['/logs/{id}', '/logs/none'],
    ['/logs/{id}/context', '/logs/none/context'],
  ] as const) {
    await ask(call, 'GET', path, url)
    await ask(call, 'GET', path, `${url}?x=1`)
  }
  for (const by of ['action', 'userId', 'hour', 'day', 'month']) await ask(call, 'GET', '/stats', `/stats?by=${by}`)
  await ask(call, 'GET', '/stats', '/stats?by=action&limit=1&prefix=c')
  for (const format of ['csv', 'ndjson']) await ask(call, 'GET', '/export', `/export?format=${format}`)
  await ask(call, 'GET', '/live', '/live')
  await ask(call, 'GET', '/receipts/{receipt}', `/receipts/${receipt}`)
  await ask(call, 'GET', '/receipts/{receipt}', '/receipts/AQAAAAAAAAAAAAAAAaIQMHYH')
  await ask(call, 'GET', '/receipts/{receipt}', '/receipts/x')
  await ask(call, 'GET', '/ledger', '/ledger')
  await ask(call, 'GET', '/tenants', '/tenants')
  for (const state of ['open', 'all']) await ask(call, 'GET', '/dead-letters', `/dead-letters?state=${state}`)
  for (const path of ['/stats', '/export', '/live', '/ledger', '/tenants', '/dead-letters', '/openapi.json', '/docs']) {
    await ask(call, 'GET', path, `${path}?x=1`)
  }

  const one = '/dead-letters/{id}'
  const again = '/dead-letters/{id}/replay'
  for (const [method, path, end] of [
    ['GET', one, ''],
    ['DELETE', one, ''],
    ['POST', again, '/replay'],
  ] as const) {
    await ask(call, method, path, `/dead-letters/none${end}`)
    await ask(call, method, path, `/dead-letters/${letter}${end}?x=1`)
  }
  await ask(call, 'GET', one, `/dead-letters/${letter}`)
  for (const [method, path, end] of [
    ['DELETE', one, ''],
    ['POST', again, '/replay'],
  ] as const) {
    await ask(call, method, path, `/dead-letters/${letter}${end}`, sent('x'.repeat(300_000)))
    await ask(call, method, path, `/dead-letters/${letter}${end}`, sent('x', { 'content-type': 'text/plain' }))
  }
  await ask(call, 'POST', again, `/dead-letters/${letter}/replay`)
  await ask(call, 'POST', again, `/dead-letters/${letter}/replay`, sent({ userId: 'u', action: 'a' }))
  await ask(call, 'DELETE', one, `/dead-letters/${letter}`, sent({ note: 'too late' }))
  await ask(call, 'DELETE', one, `/dead-letters/${other}`, sent({ note: 'a test' }))
  await ask(call, 'POST', again, `/dead-letters/${other}/replay`)
  await ask(call, 'GET', '/dead-letters', '/dead-letters?state=all')
  await ask(call, 'GET', one, `/dead-letters/${other}`)

  const acts = '/viewer/dead-letters/{id}'
  const formOf = (fields: { [name: string]: string }) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(fields).toString(),
  })
  const discard = formOf({ do: 'discard', note: 'a test' })
  for (const form of [discard, formOf({ do: 'replay' }), formOf({ do: 'x' }), formOf({ note: 'x'.repeat(20_000) })])
    await ask(call, 'POST', acts, `/viewer/dead-letters/${other}`, form)
  await ask(call, 'POST', acts, '/viewer/dead-letters/none', discard)
  await ask(call, 'POST', acts, `/viewer/dead-letters/${other}`, { headers: { 'sec-fetch-site': 'same-origin' } })
  await ask(away.call, 'POST', acts, `/viewer/dead-letters/${other}`, discard)

  await ask(call, 'GET', '/healthz', '/healthz')
  const etag = (await call('GET', '/openapi.json')).headers.get('etag') ?? ''
  await ask(call, 'GET', '/openapi.json', '/openapi.json')
  await ask(call, 'GET', '/openapi.json', '/openapi.json', { headers: { 'if-none-match': etag } })
  await ask(call, 'GET', '/docs', '/docs')
  const home = await (await call('GET', '/')).text()
  const files = [...home.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, file]) => file ?? '')
  expect(files).toHaveLength(3)
  for (const file of [...files, '/assets/none']) await ask(call, 'GET', '/assets/{file}', file)
  for (const url of ['/', '/?limit=x']) await ask(call, 'GET', '/', url)
  for (const path of ['/viewer/users', '/viewer/actions'])
    for (const url of [path, `${path}?limit=x`]) await ask(call, 'GET', path, url)
  for (const id of ['id-1', 'none']) await ask(call, 'GET', '/viewer/logs/{id}', `/viewer/logs/${id}`)
  for (const id of [letter, 'none']) await ask(call, 'GET', '/viewer/dead-letters/{id}', `/viewer/dead-letters/${id}`)
  for (const path of ['/viewer/dead-letters', '/viewer/ledger']) await ask(call, 'GET', path, path)

  await askToSignIn(ask, call)

  for (const { path, method } of operations) {
    faults.push(...(await faultsOf(method, path, await call('PATCH', filled(path, letter)))))
    const query = { '/stats': '?by=action', '/export': '?format=csv' }[path] ?? ''
    const response = await away.call(method.toUpperCase(), filled(path, letter) + query)
    if (response.status === 503) faults.push(...(await faultsOf(method, path, response)))
  }
  // none of these needs the store, so only a flood of requests makes them a 503
  const noneInFlight = { slots: { ...slotSizes, reads: 0, writes: 0 } }
  await using flooded = await listen({ fetch: apps.query.fetch, port: 0, log: silent, atOnce: noneInFlight })
  for (const [method, path] of [
    ['get', '/openapi.json'],
    ['get', '/docs'],
    ['get', '/assets/{file}'],
    ['get', '/login'],
    ['get', '/viewer/tenants'],
    ['post', '/login'],
    ['post', '/logout'],
  ] as const) {
    faults.push(...(await faultsOf(method, path, await fetch(`http://localhost:${flooded.port}${path}`, { method }))))
  }
  expect(faults).toEqual([])
  // the tests of access have these
  expect(unseen().filter((answer) => !/ (?:40[13]|429)$/.test(answer))).toEqual([])
})

type Ask = (
  call: Call,
  method: string,
  path: string,
  url: string,
  init?: Omit<RequestInit, 'method'>,
) => Promise<unknown>

/** Without keys nobody signs in; with keys, some can. */
async function askToSignIn(ask: Ask, withoutKeys: Call) {
  const { path, keys } = anAccessFile({ reader: { scopes: ['read'] }, writer: { scopes: ['write'] } })
  const access = accessOf(path)
  const { request } = createQuery({ store: openMemoryStore(), log: silent, now: () => new Date(), access })
  const call: Call = (method, url, init = {}) => request(url, { method, ...init })
  const own = { 'sec-fetch-site': 'same-origin' }
  const form = (key: string, headers: { [name: string]: string } = own) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ key }).toString(),
  })
  await ask(withoutKeys, 'GET', '/viewer/tenants', '/viewer/tenants')
  await ask(withoutKeys, 'GET', '/login', '/login')
  await ask(call, 'GET', '/login', '/login')
  const plain = { origin: 'http://log.example', host: 'log.example' }
  const forms = [form(keys.reader), form(keys.reader, plain), form('x'), form(keys.writer), form(keys.reader, {})]
  for (const sent of [...forms, form('x'.repeat(20_000)), { headers: own, body: 'x' }])
    await ask(call, 'POST', '/login', '/login', sent)
  await ask(call, 'POST', '/logout', '/logout', { headers: own })
  await ask(call, 'POST', '/logout', '/logout')
}

/** A store whose every verb is unavailable. */
function outage() {
  const away = () => Promise.reject(new StoreUnavailable('away'))
  const verbs = [
    'find',
    'findLines',
    'count',
    'stats',
    'get',
    'arrivals',
    'tenants',
    'outcome',
    'ledger',
    'findDeadLetters',
    'getDeadLetter',
    'save',
  ]
  return Object.fromEntries(verbs.map((verb) => [verb, away]))
}
