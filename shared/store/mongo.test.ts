import { expect, test } from 'vitest'
import { aDeadLetter, recorded, silent } from '../testing/builders.ts'
import { openMongoStore } from './mongo.ts'
import { StoreUnavailable } from './store.ts'

/** Nothing listens on port 1. */
const away = 'mongodb://app:s3cret@127.0.0.1:1/'

test('without MongoDB every call rejects with StoreUnavailable within seconds', async () => {
  const warnings: unknown[] = []
  const log = { ...silent, warn: (fields: object, fact: string) => void warnings.push({ ...fields, fact }) }
  await using store = openMongoStore({ uri: away, database: 'x', log, migrate: { retentionDays: 1 } })
  const calls = [
    store.save([recorded()]),
    store.deadLetter([aDeadLetter()]),
    store.find({ filter: { tenant: 'default' }, order: 'desc', limit: 1 }),
    store.count({ tenant: 'default' }),
    store.get('default', 'a'),
    store.findDeadLetters({ filter: { tenant: 'default' }, order: 'desc', limit: 1 }),
    store.outcome({ position: { partition: 0, offset: 1 }, recordedAt: new Date() }),
    store.ledger(),
  ]
  for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
    expect(status).toBe('rejected')
    expect(reason).toBeInstanceOf(StoreUnavailable)
  }
  expect(warnings).toMatchObject([{ hosts: '127.0.0.1:1', fact: expect.stringContaining('MONGODB_URI') }])
  expect(JSON.stringify(warnings)).not.toContain('s3cret')
  await expect(Promise.race([store.misconfigured, 'still trying'])).resolves.toBe('still trying')
})

test('closes immediately while MongoDB is down', { timeout: 2500 }, async () => {
  const store = openMongoStore({ uri: away, database: 'x', log: silent })
  await store[Symbol.asyncDispose]()
})

test('a missing file in the URI is a configuration error, and does not end a process that ignores it', async () => {
  const uri = `${away}?tls=true&tlsCAFile=/no/such/file.pem`
  await using asked = openMongoStore({ uri, database: 'x', log: silent })
  await expect(asked.misconfigured).rejects.toThrow(/MONGODB_URI names the file \/no\/such\/file.pem/)
  await using unasked = openMongoStore({ uri, database: 'x', log: silent })
  await expect(unasked.get('default', 'a')).rejects.toBeInstanceOf(StoreUnavailable)
  // the runtime would have reported an unhandled rejection before this
  await new Promise((resolve) => setTimeout(resolve, 10))
})
