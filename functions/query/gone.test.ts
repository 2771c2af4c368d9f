import type { Gone } from '@activity-log/shared/aborted.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

const verbs = ['find', 'findLines', 'count', 'stats', 'findDeadLetters'] as const

/** Requests a path of a log whose store answers nothing until nobody waits for the answer any more. */
async function asking(path: string, hanging: readonly (keyof ActivityStore)[] = verbs) {
  await using opened = new AsyncDisposableStack()
  const store = openMemoryStore()
  await store.save([recorded({ id: 'a', userId: 'ada' })])
  const asked = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<unknown>()
  const waiting = new Proxy(store, {
    get: (_, verb: keyof ActivityStore) => {
      if (!hanging.includes(verb)) return store[verb]
      return async (...args: unknown[]) => {
        const gone = args.at(-1) as Gone
        const signal = gone()
        asked.resolve()
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        // the store itself rejects what nobody waits for
        return Reflect.apply(store[verb], store, args).catch((error: unknown) => {
          ended.resolve(error)
          throw error
        })
      }
    },
  })
  const lines: unknown[] = []
  const write = (fields: object, message: string) => void lines.push({ fields, message })
  const log = { ...silent, error: write, warn: write }
  const app = createApp({ store: waiting, log, now: () => new Date() })
  const server = opened.use(await listen({ fetch: app.fetch, front: app.front, port: 0, log }))
  const client = new AbortController()
  const answer = fetch(`http://localhost:${server.port}${path}`, { signal: client.signal })
  await asked.promise
  client.abort()
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
  return { error: await ended.promise, lines }
}

test.each([
  '/logs?page=1000000',
  '/logs?count=exact',
  '/logs?action=!login&count=none',
  '/logs?q=refund&userId=ada',
  '/logs?metadata.a=1&userId=ada&count=exact',
  '/stats?by=action&userId=ada',
  '/stats?by=day&q=refund&userId=ada',
  '/export?format=csv&action=!login',
  '/dead-letters',
  '/?action=!login',
])('what is read for a client ends when it goes away, and is no line in the log: %s', async (path) => {
  // a first page without a search is found at once, whoever waits for it
  const isCount = path.startsWith('/logs?count=exact')
  const { error, lines } = await asking(path, isCount ? ['count'] : verbs)
  expect(error).toMatchObject({ name: 'Aborted' })
  expect(lines).toEqual([])
})
