import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startSealer } from './sealer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const quietMs = 1000
const at = (offset: number, partition = 0) => ({ partition, offset })

function sealing(answer: () => Promise<void> = async () => {}) {
  const sealed: string[] = []
  const seal = (partition: number, isQuiet: boolean) => {
    sealed.push(`${partition}${isQuiet ? ' quiet' : ''}`)
    return answer()
  }
  return { sealed, sealer: startSealer({ seal, quietMs }) }
}

test('a partition is sealed at once every so many records, and a while after any of them', async () => {
  const { sealed, sealer } = sealing()
  sealer.arrived([at(1), at(2)])
  sealer.arrived([at(255, 1), at(256, 1)])
  expect(sealed).toEqual(['1'])
  await vi.advanceTimersByTimeAsync(quietMs)
  expect(sealed).toEqual(['1', '0 quiet', '1 quiet'])
  await vi.advanceTimersByTimeAsync(2 * quietMs)
  expect(sealed).toHaveLength(3)
})

test('what has no place in the books is not sealed', async () => {
  const { sealed, sealer } = sealing()
  sealer.arrived([at(0, -1)])
  await vi.advanceTimersByTimeAsync(quietMs)
  expect(sealed).toEqual([])
})

test('in an outage it is tried again after a while, and never at once', async () => {
  const { sealed, sealer } = sealing(() => Promise.reject(new Error('away')))
  sealer.arrived([at(1)])
  await vi.advanceTimersByTimeAsync(3 * quietMs)
  expect(sealed).toEqual(['0 quiet', '0 quiet', '0 quiet'])
  await sealer[Symbol.asyncDispose]()
  await vi.advanceTimersByTimeAsync(3 * quietMs)
  expect(sealed).toHaveLength(4)
})

test('at the end what is open is sealed, for which nobody waits long', async () => {
  const { sealed, sealer } = sealing(() => new Promise(() => {}))
  sealer.arrived([at(1), at(1, 1)])
  const ended = sealer[Symbol.asyncDispose]()
  await vi.advanceTimersByTimeAsync(2000)
  await ended
  expect(sealed).toEqual(['0 quiet', '1 quiet'])
})
