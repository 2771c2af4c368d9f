import { incomingFromBytes } from '@activity-log/shared/http/body.ts'
import { anybody } from '@activity-log/shared/http/caller.ts'
import type { ServiceRequest } from '@activity-log/shared/http/route.ts'
import { recorded, silent, until } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

const rows = 20

type Asking = { url: string; parameters?: { [name: string]: string }; turn: () => Promise<void> }

/** Returns what asks a route of a log with some rows. */
async function openQuery() {
  const store = openMemoryStore()
  await store.save(Array.from({ length: rows }, (_, n) => recorded({ id: `id-${n}`, userId: 'ada', metadata: { n } })))
  const app = createApp({ store, log: silent, now: () => new Date() })
  return (route: string, { url, parameters = {}, turn }: Asking) => {
    const onBehalfOf = { caller: anybody, requestId: undefined, turn }
    const request = {
      ...incomingFromBytes({}, new Uint8Array()),
      ...{ method: 'GET', url, parameters, requestId: undefined, basePath: '', log: silent, caller: onBehalfOf.caller },
      gone: () => new AbortController().signal,
      whyNoLonger: () => undefined,
      turn,
      onBehalfOf,
    } satisfies Partial<Record<keyof ServiceRequest | 'onBehalfOf', unknown>>
    const ask = (path: string) => app.fetch(new Request(`http://localhost${path}`), { onBehalfOf } as never)
    return app.routes[route as 'GET /logs']?.handle({ ...request, ask } as never)
  }
}

/** Asks a route, which gets its turns only when the test gives them. */
async function asking(route: string, url: string, parameters: { [name: string]: string } = {}) {
  const ask = await openQuery()
  let turns = 0
  const gate = Promise.withResolvers<void>()
  const turn = () => {
    turns++
    return gate.promise
  }
  const answer = ask(route, { url, parameters, turn })
  return { answer, turns: () => turns, open: () => gate.resolve() }
}

const id = { id: 'id-7' }
test.each<[route: string, url: string, parameters?: { [name: string]: string }]>([
  ['GET /logs', '/logs'],
  ['GET /logs', '/logs?q=ada&action=click_button'],
  ['GET /logs', '/logs?page=2&limit=5'],
  ['GET /logs/:id/context', '/logs/id-7/context', id],
  ['GET /export', '/export?format=csv'],
  ['GET /', '/'],
  ['GET /viewer/logs/:id', '/viewer/logs/id-7', id],
])('what %s found waits for a turn in which there is time for its answer: %s', async (route, url, parameters) => {
  const { answer, turns, open } = await asking(route, url, parameters)
  let isAnswered = false
  void answer?.then(() => {
    isAnswered = true
  })
  while (turns() === 0) await new Promise(setImmediate)
  await new Promise(setImmediate)
  expect(isAnswered).toBe(false)
  open()
  expect((await answer)?.status).toBe(200)
})

test.each<[route: string, url: string, parameters?: { [name: string]: string }]>([
  ['GET /', '/?limit=20'],
  ['GET /viewer/logs/:id', '/viewer/logs/id-7', id],
])('each row of %s is drawn in a turn in which there is time for it', async (route, url, parameters) => {
  const { answer, turns, open } = await asking(route, url, parameters)
  open()
  await answer
  expect(turns()).toBeGreaterThanOrEqual(10)
})

test('of pages that find nothing, one is drawn in a turn, though all of them have waited for the first', async () => {
  const ask = await openQuery()
  const first = Promise.withResolvers<void>()
  const waiting: (() => void)[] = []
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve))
  let drawn = 0
  const page = async (userId: string, turn: Asking['turn']) => {
    const answer = await ask('GET /', { url: `/?userId=${userId}`, turn })
    drawn++
    return answer?.status
  }
  // the others are asked for when some of its rows are drawn
  let asked = 0
  const pages = [page('ada', () => (asked++ < rows ? Promise.resolve() : first.promise))]
  await until(() => asked > rows)
  for (let n = 0; n < 9; n++) pages.push(page('nobody', turn))
  for (let idle = 0; idle < 50; idle++) {
    if (waiting.length > 0) idle = 0
    for (const resume of waiting.splice(0)) resume()
    await new Promise(setImmediate)
  }
  first.resolve()
  let most = 0
  while (drawn < pages.length) {
    const before = drawn
    waiting.shift()?.()
    await new Promise(setImmediate)
    most = Math.max(most, drawn - before)
  }
  expect(await Promise.all(pages)).toEqual(pages.map(() => 200))
  expect(most).toBeLessThanOrEqual(2)
})
