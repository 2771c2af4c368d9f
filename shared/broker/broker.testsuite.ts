import { describe, expect, test } from 'vitest'
import type { EventRecord } from '../activity-recorded.ts'
import type { Position } from '../receipt.ts'
import { aRecord } from '../testing/builders.ts'
import type { Broker } from './broker.ts'

export type BrokerUnderTest = AsyncDisposable & {
  broker: Broker
  /** Reads the records at these positions of the topic without using the broker. */
  readBack(positions: readonly Position[]): Promise<readonly EventRecord[]>
}

/** The promises of every broker. */
export function testBroker(open: () => Promise<BrokerUnderTest>): void {
  const some = (count: number) =>
    Array.from({ length: count }, (_, n) => aRecord({ id: `id-${n}`, userId: `Ünï☃ ${n}` }))

  describe('publish', () => {
    test('gives each record its own position, in order, and stores it there unchanged', async () => {
      await using under = await open()
      const records = some(50)
      const positions = await under.broker.publish(records)
      expect(new Set(positions.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(50)
      expect(await under.readBack(positions)).toEqual(records)
    })

    test('never gives a position twice, however many callers publish at the same time', async () => {
      await using under = await open()
      const published = await Promise.all(Array.from({ length: 20 }, () => under.broker.publish(some(10))))
      const positions = published.flat().map(({ partition, offset }) => `${partition}/${offset}`)
      expect(new Set(positions).size).toBe(200)
    })

    test('accepts a large record', async () => {
      await using under = await open()
      const record = aRecord({ metadata: { text: 'x'.repeat(32_000) } })
      expect(await under.readBack(await under.broker.publish([record]))).toEqual([record])
    })

    test('rejects once it is closed', async () => {
      const under = await open()
      await under.broker[Symbol.asyncDispose]()
      await expect(under.broker.publish(some(1))).rejects.toBeInstanceOf(Error)
    })
  })
}
