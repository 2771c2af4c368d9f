import { incomingFromBytes } from '@activity-log/shared/http/body.ts'
import { anybody } from '@activity-log/shared/http/caller.ts'
import type { ServiceRequest } from '@activity-log/shared/http/route.ts'
import { aRecord, deadLettersOf, delivery, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

const json = { 'content-type': 'application/json' }

test.each([
  ['POST /dead-letters/:id/replay', '{"userId":"ann","action":"x"}', 200],
  ['DELETE /dead-letters/:id', '{"note":"a test"}', 204],
])('%s reads its body when it has its turn', async (route, body, status) => {
  const store = openMemoryStore()
  const app = createApp({ store, log: silent, now: () => new Date() })
  await app.request('/', delivery({ ...aRecord({ id: 'a' }), value: '{"id":"a","action":"x"}' }, 4))
  const [letter] = await deadLettersOf(store)
  const { promise, resolve } = Promise.withResolvers<void>()
  let isAsked = false
  const request = {
    ...incomingFromBytes(json, Buffer.from(body)),
    ...{ method: 'POST', url: '/', parameters: { id: letter?.id ?? '' }, basePath: '', log: silent },
    ...{ caller: anybody, gone: () => new AbortController().signal, whyNoLonger: () => undefined },
    turn: () => {
      isAsked = true
      return promise
    },
  } satisfies Partial<ServiceRequest>
  let isAnswered = false
  const answer = app.routes[route as 'DELETE /dead-letters/:id']?.handle(request as never).finally(() => {
    isAnswered = true
  })
  while (!isAsked && !isAnswered) await new Promise(setImmediate)
  await new Promise(setImmediate)
  expect(isAnswered).toBe(false)
  resolve()
  expect((await answer)?.status).toBe(status)
})
