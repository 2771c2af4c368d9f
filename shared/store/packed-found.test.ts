import { expect, test } from 'vitest'
import type { Found } from './activities.ts'
import { pack, unpack } from './packed-found.ts'

test('activities come out of another thread as they went in', () => {
  const times = { timestamp: '2024-01-15T10:00:00Z', recordedAt: '2024-01-15T10:00:01.000Z' }
  const found: Found[] = [
    {
      key: 'a',
      activity: { id: '1', userId: 'ada', action: 'login', ...times },
      position: { partition: 0, offset: 7 },
    },
    {
      key: 'b',
      activity: { id: '2', userId: 'bob', action: 'pay', ...times, metadataText: '{"a":1}' },
      position: { partition: 3, offset: 2 ** 53 - 1 },
    },
  ]
  expect(unpack(structuredClone(pack(found)))).toStrictEqual(found)
  expect(unpack(structuredClone(pack([])))).toEqual([])
})
