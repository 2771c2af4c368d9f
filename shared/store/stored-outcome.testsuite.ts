import { describe, expect, test } from 'vitest'
import { aDeadLetter, recorded } from '../testing/builders.ts'
import type { ActivityStore } from './store.ts'

/** `removeByHand` deletes an activity from the database directly. */
export type OpenedForRemoval = { store: ActivityStore; removeByHand: (id: string) => Promise<void> }

/** The promises of every store about records whose activities are deleted. */
export function testStoredOutcomes(open: () => Promise<OpenedForRemoval>): void {
  describe('the outcome of a stored record', () => {
    // offsets do not start at 0, because that range would be compacted immediately
    const sent = [1, 2, 3].map((offset) => recorded({ id: `${offset}` }, offset))
    const [first, second] = sent
    const { position, recordedAt, tenant } = second!
    const outcome = { position, recordedAt, tenant, outcome: 'stored', activityId: '2' } as const
    const found = { outcome: 'stored', tenant, activityId: '2' }
    const receipt = { position, recordedAt }
    const whole = [{ last: 3, missingCount: 1, counts: { stored: 3, rejected: 0 } }]

    test('is deleted with its activity, unless it was written separately', async () => {
      const { store, removeByHand } = await open()
      await using _ = store
      await store.save(sent)
      await removeByHand('2')
      expect(await store.outcome(receipt)).toBeUndefined()
      expect((await store.ledger()).partitions).toMatchObject([{ missingCount: 2, counts: { stored: 2 } }])
      await store.account([outcome])
      expect(await store.outcome(receipt)).toEqual(found)
      expect((await store.ledger()).partitions).toMatchObject(whole)
    })

    test('counts once while both exist, and stays when the activity is deleted', async () => {
      const { store, removeByHand } = await open()
      await using _ = store
      await store.save(sent)
      await store.account([outcome])
      expect((await store.ledger()).partitions).toMatchObject(whole)
      await removeByHand('2')
      expect(await store.get(tenant, '2')).toBeUndefined()
      expect(await store.outcome(receipt)).toEqual(found)
      expect((await store.ledger()).partitions).toMatchObject(whole)
      // the receipt of another record at the same position does not find this outcome
      expect(await store.outcome({ position, recordedAt: new Date(0) })).toBeUndefined()
      expect(await store.outcome({ ...receipt, position: first!.position })).toMatchObject({ activityId: '1' })
    })

    test('takes precedence over the one from a dispatcher that got no answer', async () => {
      const { store, removeByHand } = await open()
      await using _ = store
      await store.save(sent)
      const letter = aDeadLetter({ reason: 'undelivered', recordedAt, firstPosition: position })
      await store.deadLetter([letter])
      await store.account([outcome])
      await store.deadLetter([letter])
      await removeByHand('2')
      expect(await store.outcome(receipt)).toEqual(found)
      expect((await store.ledger()).partitions).toMatchObject(whole)
    })
  })
}
