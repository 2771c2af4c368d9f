import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { aRecord, until } from '../testing/builders.ts'
import { aFolder } from '../testing/processes.ts'
import { testBroker } from './broker.testsuite.ts'
import { type EmbeddedBroker, openEmbeddedBroker } from './embedded-broker.ts'

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

describe('a file that held many records', () => {
  const sizeOf = (path: string) =>
    ['', '-wal'].reduce((sum, end) => sum + (statSync(path + end, { throwIfNoEntry: false })?.size ?? 0), 0)
  const large = () => Array.from({ length: 100 }, () => aRecord({ metadata: { text: 'x'.repeat(10_000) } }))
  const mebibyte = 1024 * 1024

  async function fill(queue: EmbeddedBroker, times: number) {
    for (let n = 0; n < times; n++) await queue.publish(large())
    return queue.read(0, 10_000).map(({ position }) => position.offset)
  }

  test('shrinks once they are gone', async () => {
    const path = aFile()
    await using queue = openEmbeddedBroker({ path, shrinkAfterMs: 1 })
    const offsets = await fill(queue, 20)
    expect(sizeOf(path)).toBeGreaterThan(20 * mebibyte)
    queue.settle(offsets.slice(0, -200))
    await until(() => sizeOf(path) < 4 * mebibyte + 2 * 200 * 10_000)
    queue.settle(offsets)
    await until(() => sizeOf(path) < 4 * mebibyte)
  })

  test('shrinks at the next start if the process ended before that', async () => {
    const path = aFile()
    {
      await using queue = openEmbeddedBroker({ path, shrinkAfterMs: 60_000 })
      queue.settle(await fill(queue, 10))
    }
    expect(sizeOf(path)).toBeGreaterThan(10 * mebibyte)
    await using _queue = openEmbeddedBroker({ path, shrinkAfterMs: 1 })
    await until(() => sizeOf(path) < 4 * mebibyte)
  })

  test('shrinks if an earlier version made it, and keeps the records that wait', async () => {
    const path = aFile()
    {
      await using queue = openEmbeddedBroker({ path, shrinkAfterMs: 60_000 })
      queue.settle((await fill(queue, 10)).slice(0, -1))
    }
    const db = new DatabaseSync(path)
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM')
    db.close()
    await using queue = openEmbeddedBroker({ path, shrinkAfterMs: 1 })
    expect(queue.read(0, 10)).toHaveLength(1)
    const offsets = await fill(queue, 10)
    queue.settle(offsets)
    await until(() => sizeOf(path) < 4 * mebibyte)
  })

  test('is read in parts that are not much larger than asked for', async () => {
    await using queue = openEmbeddedBroker({ path: ':memory:' })
    await queue.publish(large())
    expect(queue.read(0, 100, 35_000)).toHaveLength(4)
    expect(queue.read(0, 100, 1)).toHaveLength(1)
  })
})

const some = (count: number) => Array.from({ length: count }, () => aRecord())

/** How many more records of an owner there is room for. */
function roomFor(queue: EmbeddedBroker, owner: string): number {
  let count = 0
  while (queue.hasRoom(owner, count + 1, 0)) count++
  return count
}

test('there is no room for more of an owner until records are settled, also after a restart', async () => {
  const path = aFile()
  {
    await using queue = openEmbeddedBroker({ path, maxRecords: 5 })
    expect(roomFor(queue, 'default')).toBe(5)
    await queue.publish(some(5))
    expect(roomFor(queue, 'default')).toBe(0)
  }
  await using queue = openEmbeddedBroker({ path, maxRecords: 5 })
  expect(roomFor(queue, 'default')).toBe(0)
  const [first, second] = queue.read(0, 2)
  queue.settle([first!.position.offset, first!.position.offset])
  queue.deadLetter(second!, {})
  expect(roomFor(queue, 'default')).toBe(2)
  await queue.publish(some(2))
  expect(roomFor(queue, 'default')).toBe(0)
})

test('bytes take room as well', async () => {
  await using queue = openEmbeddedBroker({ path: ':memory:', maxBytes: 10_000 })
  expect(queue.hasRoom('default', 1, 10_000)).toBe(true)
  await queue.publish([aRecord({ metadata: { text: 'x'.repeat(1_000) } })])
  expect(queue.hasRoom('default', 1, 8_000)).toBe(true)
  expect(queue.hasRoom('default', 1, 9_000)).toBe(false)
})

test('what is settled gives back exactly its bytes, whatever its headers hold', async () => {
  await using queue = openEmbeddedBroker({ path: ':memory:', maxBytes: 10_000 })
  const { headers, value } = aRecord()
  for (let time = 0; time < 50; time++) {
    const [position] = await queue.publish([{ headers: { ...headers, traceparent: '\u{1f600}'.repeat(500) }, value }])
    queue.settle([position!.offset])
  }
  expect(queue.hasRoom('default', 1, 10_000)).toBe(true)
})

test('what one owner has in the queue leaves room for others and for the own records of the log', async () => {
  const path = aFile()
  const ofAcme = Array.from({ length: 80 }, () => aRecord({}, 'acme'))
  const own = Array.from({ length: 20 }, (_, index) => aRecord({ id: `activity-log.${index}` }, 'acme'))
  {
    await using queue = openEmbeddedBroker({ path, maxRecords: 100 })
    await queue.publish([...ofAcme, ...own])
    expect(['acme', 'bolt', '$system'].map((owner) => roomFor(queue, owner))).toEqual([4, 20, 16])
  }
  await using queue = openEmbeddedBroker({ path, maxRecords: 100 })
  expect(['acme', 'bolt', '$system'].map((owner) => roomFor(queue, owner))).toEqual([4, 20, 16])
  queue.settle(queue.read(0, 200).map(({ position }) => position.offset))
  expect(['acme', 'bolt', '$system'].map((owner) => roomFor(queue, owner))).toEqual([100, 100, 100])
})
