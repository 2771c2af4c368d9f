import { aRecord, deadLettersOf, delivery, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

test('keeps dead letters in groups, so many of one tenant delay the records of others no more than its activities', async () => {
  const groups: number[] = []
  const store = openMemoryStore()
  const counting: typeof store.deadLetter = async (letters) => {
    groups.push(letters.length)
    await store.deadLetter(letters)
  }
  const app = createApp({ store: { ...store, deadLetter: counting }, log: silent, now: () => new Date() })
  const records = Array.from({ length: 100 }, (_, n) => aRecord({ id: 'one', action: `action-${n}` }))
  const answers = await Promise.all(records.map((record, n) => app.request('/', delivery(record, n))))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]))
  expect((await deadLettersOf(store)).map(({ reason }) => reason)).toEqual(Array(99).fill('conflict'))
  expect(groups.length).toBeLessThan(10)
})
