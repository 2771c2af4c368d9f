import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { aRecord } from '../testing/builders.ts'
import { aFolder } from '../testing/processes.ts'
import { testBroker } from './broker.testsuite.ts'
import { openEmbeddedBroker } from './embedded-broker.ts'

const aFile = () => join(aFolder(), 'queue.db')

describe('embedded broker', () =>
  testBroker(async () => {
    const broker = openEmbeddedBroker({ path: aFile() })
    return {
      broker,
      readBack: async (positions) =>
        positions.map(({ offset }) => {
          const [record] = broker.read(offset, 1)
          return { headers: record!.headers, value: Buffer.from(record!.value).toString() }
        }),
      [Symbol.asyncDispose]: async () => {
        await Promise.resolve(broker[Symbol.asyncDispose]()).catch(() => {})
      },
    }
  }))

describe('embedded queue', () => {
  test('keeps a record until it is settled, even across a restart', async () => {
    const path = aFile()
    {
      await using broker = openEmbeddedBroker({ path })
      const positions = await broker.publish([aRecord({ id: 'a' }), aRecord({ id: 'b' }), aRecord({ id: 'c' })])
      broker.settle([positions[1]!.offset])
    }
    await using again = openEmbeddedBroker({ path })
    expect(again.read(0, 10).map(({ headers }) => headers['ce_id'])).toEqual(['a', 'c'])
  })

  test('never gives an offset twice, even after all earlier records are gone', async () => {
    const path = aFile()
    const publishAndSettle = async () => {
      await using broker = openEmbeddedBroker({ path })
      const [position] = await broker.publish([aRecord()])
      broker.settle([position!.offset])
      return position!.offset
    }
    const offsets = [await publishAndSettle(), await publishAndSettle(), await publishAndSettle()]
    expect(offsets).toEqual([0, 1, 2])
  })

  test('moves a record to the dead letters in one transaction, with its bytes and the error', async () => {
    await using broker = openEmbeddedBroker({ path: aFile() })
    await broker.publish([aRecord({ id: 'a' })])
    const [record] = broker.read(0, 1)
    broker.deadLetter(record!, { ce_knativeerrorcode: '400' })
    expect(broker.read(0, 10)).toEqual([])
    const [deadLetter] = broker.deadLetters.read(0, 10)
    expect(deadLetter?.value).toEqual(record?.value)
    const place = { ce_recordpartition: '0', ce_recordoffset: '0' }
    expect(deadLetter?.headers).toEqual({ ...record?.headers, ce_knativeerrorcode: '400', ...place })
  })

  test('calls the listener when there is something new to read', async () => {
    await using broker = openEmbeddedBroker({ path: ':memory:' })
    let seen = 0
    broker.onPublished(() => {
      seen = broker.read(0, 10).length
    })
    await broker.publish([aRecord({ id: 'a' }), aRecord({ id: 'b' })])
    expect(seen).toBe(2)
  })
})

const some = (count: number) => Array.from({ length: count }, () => aRecord())

test('a full queue takes nothing until records are settled, also after a restart', async () => {
  const path = aFile()
  {
    await using queue = openEmbeddedBroker({ path, maxRecords: 5 })
    await queue.publish(some(5))
    await expect(queue.publish(some(1))).rejects.toThrow('The queue is full')
  }
  await using queue = openEmbeddedBroker({ path, maxRecords: 5 })
  await expect(queue.publish(some(1))).rejects.toThrow('The queue is full')
  const [first, second] = queue.read(0, 2)
  queue.settle([first!.position.offset, first!.position.offset])
  queue.deadLetter(second!, {})
  await queue.publish(some(2))
  await expect(queue.publish(some(1))).rejects.toThrow('The queue is full')
})

test('a queue is also full by its bytes', async () => {
  await using queue = openEmbeddedBroker({ path: ':memory:', maxBytes: 1_000 })
  await queue.publish([aRecord({ metadata: { text: 'x'.repeat(1_000) } })])
  await expect(queue.publish(some(1))).rejects.toThrow('The queue is full')
})
