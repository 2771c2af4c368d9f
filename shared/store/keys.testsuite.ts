import { describe, expect, test } from 'vitest'
import { type HashId, hashId } from '../key.ts'
import { recorded } from '../testing/builders.ts'
import type { ActivityStore } from './store.ts'

/** A hash of four bits. */
const weakHash: HashId = (tenant, id) => {
  const hash = Buffer.alloc(16)
  hash.writeUInt8(hashId(tenant, id).readUInt8(0) >> 4)
  return hash
}

/** Two ids whose keys are equal if their instants and arrivals are. */
function twins(): [string, string] {
  const ids = new Map<number, string>()
  for (let n = 0; ; n++) {
    const hash = weakHash('default', `id-${n}`).readUInt8(0)
    const other = ids.get(hash)
    if (other !== undefined) return [other, `id-${n}`]
    ids.set(hash, `id-${n}`)
  }
}

/** The promises of every store about keys that belong to another id. */
export function testKeys(open: (options: { hash: HashId }) => Promise<ActivityStore>): void {
  describe('a key that belongs to another id', () => {
    const tenant = 'default'
    const [first, second] = twins()
    const saved = async (store: ActivityStore) =>
      (await store.find({ filter: { tenant }, order: 'asc', limit: 100 })).map(({ activity }) => activity.id).toSorted()

    test('costs only its own record, and nothing of the group', async () => {
      await using store = await open({ hash: weakHash })
      const [one, two] = [recorded({ id: first }, 1), recorded({ id: second }, 2)]
      const others = ['before', 'after'].map((id, n) => ({ ...recorded({ id }, 3 + n), sequence: 1 + n }))
      const [before, after] = others
      expect(await store.save([before!, one, two, after!])).toEqual(['stored', 'stored', 'key-taken', 'stored'])
      expect(await saved(store)).toEqual(['after', 'before', first].toSorted())
      expect(await store.get(tenant, second)).toBeUndefined()
      expect(await store.outcome(two)).toBeUndefined()
      expect((await store.ledger()).partitions).toMatchObject([{ counts: { stored: 3, duplicate: 0 }, last: 4 }])
    })

    test('is taken again when the record is delivered again, and the first keeps its outcomes', async () => {
      await using store = await open({ hash: weakHash })
      const [one, two] = [recorded({ id: first }, 1), recorded({ id: second }, 2)]
      expect(await store.save([one])).toEqual(['stored'])
      expect(await store.save([two])).toEqual(['key-taken'])
      expect(await store.save([one, two])).toEqual(['stored', 'key-taken'])
      expect(await store.save([recorded({ id: first }, 3)])).toEqual(['duplicate'])
      expect(await store.save([recorded({ id: first, userId: 'another' }, 4)])).toEqual(['conflict'])
      expect(await saved(store)).toEqual([first])
    })

    test('is free at another arrival, instant or tenant', async () => {
      await using store = await open({ hash: weakHash })
      const two = recorded({ id: second }, 2)
      expect(await store.save([recorded({ id: first }, 1), { ...two, sequence: 1 }])).toEqual(['stored', 'stored'])
      await using another = await open({ hash: weakHash })
      const later = recorded({ id: second, timestamp: '2024-01-15T10:00:00.000000001Z' }, 2)
      expect(await another.save([recorded({ id: first }, 1), later])).toEqual(['stored', 'stored'])
      expect(await another.save([recorded({ id: second }, 3, 'other')])).toEqual(['stored'])
    })
  })
}
