import { describe, expect, test } from 'vitest'
import { aDeadLetter, deadLettersOf } from '../testing/builders.ts'
import { deadLetterId, deadLetterKey } from './dead-letter-id.ts'
import type { DeadLetter, DeadLetterQuery } from './dead-letters.ts'
import type { ActivityStore } from './store.ts'

const day = (n: number) => new Date(Date.UTC(2026, 0, n))

/** The promises of every store about dead letters. */
export function testDeadLetters(open: () => Promise<ActivityStore>): void {
  const at = (offset: number, changes: Partial<DeadLetter> = {}) =>
    aDeadLetter({ position: { partition: 3, offset }, at: day(offset), ...changes })
  const list = async (store: ActivityStore, query: Partial<DeadLetterQuery['filter']> = {}) => {
    const filter = { tenant: 'default', ...query }
    const found = await store.findDeadLetters({ filter, order: 'desc', limit: 100 })
    return found.map(({ deadLetter }) => deadLetter.position.offset)
  }

  describe('deadLetter', () => {
    const letter = at(7, {
      errors: [{ pointer: '/userId', detail: 'must be text' }],
      headers: { 'ce-id': 'x' },
      body: Buffer.from([0, 255, 1, 128]),
      activityId: 'x',
      recordedAt: day(1),
    })

    test('keeps the reason and the bytes', async () => {
      await using store = await open()
      await store.deadLetter([letter])
      const { at: firstAt, ...rest } = letter
      const kept = { ...rest, id: deadLetterId(letter), body: new Uint8Array(letter.body) }
      expect(await deadLettersOf(store)).toEqual([{ ...kept, firstAt, lastAt: firstAt, attempts: 1 }])
    })

    test('keeps errors and headers that hold any characters, with any names', async () => {
      await using store = await open()
      const errors = [{ pointer: '/a\0/$b.c', detail: 'has \0' }]
      const headers = JSON.parse('{"$set":"1","a.b":"\\u0000","__proto__":"ÿ","ce-id":""}')
      await store.deadLetter([at(1, { errors, headers })])
      const [kept] = await deadLettersOf(store)
      expect(kept).toMatchObject({ errors })
      expect(Object.entries(kept!.headers).toSorted()).toEqual(Object.entries(headers).toSorted())
    })

    test('keeps the original position of an undelivered one, if it is known', async () => {
      await using store = await open()
      await store.deadLetter([at(1, { reason: 'undelivered', firstPosition: { partition: 0, offset: 0 } })])
      expect((await deadLettersOf(store))[0]?.firstPosition).toEqual({ partition: 0, offset: 0 })
    })

    test('counts the attempts of one that arrives again, and stores different ones separately', async () => {
      await using store = await open()
      await store.deadLetter([letter])
      await store.deadLetter([
        { ...letter, at: day(20) },
        { ...letter, position: { partition: 3, offset: 8 }, at: day(20) },
      ])
      const kept = await deadLettersOf(store)
      expect(kept.map(({ position, attempts }) => [position.offset, attempts])).toEqual([
        [7, 2],
        [8, 1],
      ])
      expect(kept[0]).toMatchObject({ firstAt: day(7), lastAt: day(20) })
    })

    test('counts another attempt for one that was read from the store, as a failed replay returns it', async () => {
      await using store = await open()
      await store.deadLetter([letter])
      await store.resolve('default', deadLetterId(letter), { state: 'discarded', note: 'a test', at: day(9) })
      const [before] = await deadLettersOf(store)
      await store.deadLetter([{ ...before!, at: day(20) }])
      expect(await deadLettersOf(store)).toEqual([{ ...before, lastAt: day(20), attempts: 2 }])
    })

    test('counts from 1 for one that was read from the store and then deleted there', async () => {
      await using store = await open()
      await store.deadLetter([letter])
      await store.resolve('default', deadLetterId(letter), { state: 'discarded', note: 'a test', at: day(9) })
      const [before] = await deadLettersOf(store)
      await using empty = await open()
      await empty.deadLetter([{ ...before!, at: day(20) }])
      const { resolution: _resolution, ...expected } = { ...before!, firstAt: day(20), lastAt: day(20), attempts: 1 }
      expect(await deadLettersOf(empty)).toEqual([expected])
    })
  })

  describe('findDeadLetters', () => {
    test('lists by first arrival, filtered', async () => {
      await using store = await open()
      await store.deadLetter([
        at(1, { reason: 'conflict' }),
        at(2),
        at(3, { reason: 'undelivered', topic: 'activities-dead-letter' }),
        at(4, { tenant: 'other' }),
      ])
      expect(await list(store)).toEqual([3, 2, 1])
      expect(await list(store, { reason: 'conflict' })).toEqual([1])
      expect(await list(store, { topic: 'activities-dead-letter' })).toEqual([3])
      expect(await list(store, { from: day(2).getTime(), to: day(3).getTime() })).toEqual([2])
      expect(await list(store, { tenant: 'other' })).toEqual([4])
      const filter = { tenant: 'default', reason: 'conflict' } as const
      expect(await store.findDeadLetters({ filter, order: 'desc', limit: 1 })).toHaveLength(1)
    })

    test('lists each under the key that cursors name, and gets it by its id for its own tenant', async () => {
      await using store = await open()
      await store.deadLetter([at(1), at(2)])
      const found = await store.findDeadLetters({ filter: { tenant: 'default' }, order: 'asc', limit: 100 })
      for (const { key, deadLetter } of found) {
        expect(key).toBe(deadLetterKey(deadLetter))
        expect(await store.getDeadLetter('default', deadLetter.id)).toEqual(deadLetter)
        expect(await store.getDeadLetter('other', deadLetter.id)).toBeUndefined()
      }
    })

    test.each(['asc', 'desc'] as const)('continues after a key that no dead letter has, %s', async (order) => {
      await using store = await open()
      await store.deadLetter([1, 2, 4, 5].map((offset) => at(offset)))
      const after = deadLetterKey({ firstAt: day(3), id: '0'.repeat(32) })
      const query = { order, limit: 100, after }
      const offsetsIn = async (filter: { from?: number; to?: number }) =>
        (await store.findDeadLetters({ filter: { tenant: 'default', ...filter }, ...query })).map(
          ({ deadLetter }) => deadLetter.position.offset,
        )
      expect(await offsetsIn({})).toEqual(order === 'asc' ? [4, 5] : [2, 1])
      expect(await offsetsIn({ from: day(4).getTime() })).toEqual(order === 'asc' ? [4, 5] : [])
      expect(await offsetsIn({ to: day(2).getTime() })).toEqual(order === 'asc' ? [] : [1])
    })

    test('continues after a key in both orders, even if several arrived at the same time', async () => {
      await using store = await open()
      await store.deadLetter([at(1), at(2), at(3), at(4), at(5)].map((letter) => ({ ...letter, at: day(1) })))
      for (const order of ['asc', 'desc'] as const) {
        const query = { filter: { tenant: 'default' }, order }
        const whole = await store.findDeadLetters({ ...query, limit: 100 })
        expect(whole).toHaveLength(5)
        const rest = await store.findDeadLetters({ ...query, limit: 2, after: whole[1]!.key })
        expect(rest).toEqual(whole.slice(2, 4))
      }
    })
  })

  describe('resolve', () => {
    const replayed = { state: 'replayed', outcome: 'stored', at: day(9) } as const
    const discarded = { state: 'discarded', note: 'a test', at: day(10) } as const

    test('resolves one once, and lists by the resolution', async () => {
      await using store = await open()
      const letter = at(1)
      const id = deadLetterId(letter)
      await store.deadLetter([letter, at(2)])
      expect(await list(store, { state: 'open' })).toEqual([2, 1])
      await store.resolve('other', id, discarded)
      expect(await store.getDeadLetter('default', id)).not.toHaveProperty('resolution')
      await store.resolve('default', id, replayed)
      await store.resolve('default', id, discarded)
      expect(await store.getDeadLetter('default', id)).toHaveProperty('resolution', replayed)
      expect(await list(store, { state: 'open' })).toEqual([2])
      expect(await list(store, { state: 'replayed' })).toEqual([1])
      expect(await list(store, { state: 'discarded' })).toEqual([])
    })

    test('one that is discarded while it is replayed was replayed', async () => {
      await using store = await open()
      const id = deadLetterId(at(1))
      await store.deadLetter([at(1)])
      await store.resolve('default', id, discarded)
      await store.resolve('default', id, replayed)
      expect(await store.getDeadLetter('default', id)).toHaveProperty('resolution', replayed)
      expect(await list(store, { state: 'discarded' })).toEqual([])
    })

    test('is kept when the same dead letter arrives again', async () => {
      await using store = await open()
      await store.deadLetter([at(1)])
      await store.resolve('default', deadLetterId(at(1)), discarded)
      await store.deadLetter([at(1)])
      expect(await deadLettersOf(store)).toMatchObject([{ attempts: 2, resolution: discarded }])
    })

    test('changes nothing if the dead letter does not exist', async () => {
      await using store = await open()
      await store.resolve('default', 'f'.repeat(32), replayed)
      expect(await store.getDeadLetter('default', 'f'.repeat(32))).toBeUndefined()
    })
  })
}
