import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startCompactor } from './compactor.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const quietMs = 1000
const at = (offset: number, partition = 0) => ({ partition, offset })

function compacting(answer: () => Promise<void> = async () => {}) {
  const compacted: string[] = []
  const compact = (partition: number, isQuiet: boolean) => {
    compacted.push(`${partition}${isQuiet ? ' quiet' : ''}`)
    return answer()
  }
  return { compacted, compactor: startCompactor({ compact, quietMs }) }
}

test('compacts a partition immediately after a number of records, and a while after any record', async () => {
  const { compacted, compactor } = compacting()
  compactor.arrived([at(1), at(2)])
  compactor.arrived([at(255, 1), at(256, 1)])
  expect(compacted).toEqual(['1'])
  await vi.advanceTimersByTimeAsync(quietMs)
  expect(compacted).toEqual(['1', '0 quiet', '1 quiet'])
  await vi.advanceTimersByTimeAsync(2 * quietMs)
  expect(compacted).toHaveLength(3)
})

test('does not compact for records without a position in the ledger', async () => {
  const { compacted, compactor } = compacting()
  compactor.arrived([at(0, -1)])
  await vi.advanceTimersByTimeAsync(quietMs)
  expect(compacted).toEqual([])
})

test('retries after a while in an outage, and never immediately', async () => {
  const { compacted, compactor } = compacting(() => Promise.reject(new Error('away')))
  compactor.arrived([at(1)])
  await vi.advanceTimersByTimeAsync(3 * quietMs)
  expect(compacted).toEqual(['0 quiet', '0 quiet', '0 quiet'])
  await compactor[Symbol.asyncDispose]()
  await vi.advanceTimersByTimeAsync(3 * quietMs)
  expect(compacted).toHaveLength(4)
})

test('compacts open partitions on disposal, without a long wait', async () => {
  const { compacted, compactor } = compacting(() => new Promise(() => {}))
  compactor.arrived([at(1), at(1, 1)])
  const ended = compactor[Symbol.asyncDispose]()
  await vi.advanceTimersByTimeAsync(2000)
  await ended
  expect(compacted).toEqual(['0 quiet', '1 quiet'])
})
