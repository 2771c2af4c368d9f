import { expect, test } from 'vitest'
import { warmUp } from './warm-up.ts'

test('what the first page needs is loaded in one turn of the event loop each, even if some of it fails', async () => {
  const turns: number[] = []
  let turn = 0
  let isCounting = true
  const count = () => {
    turn++
    if (isCounting) setImmediate(count)
  }
  count()
  const over = Promise.withResolvers<void>()
  const part = () => void turns.push(turn)
  const failing = () => {
    part()
    throw new Error('It cannot be loaded')
  }
  using _warming = warmUp(1, [part, failing, async () => failing(), part, () => over.resolve()])
  await over.promise
  isCounting = false
  expect([turns.length, new Set(turns).size]).toEqual([4, 4])
})

test('nothing more is loaded once the process stops', async () => {
  const loaded: string[] = []
  const started = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const first = async () => {
    loaded.push('first')
    started.resolve()
    await go.promise
  }
  const warming = warmUp(1, [first, () => loaded.push('second')])
  await started.promise
  warming[Symbol.dispose]()
  go.resolve()
  await new Promise(setImmediate)
  // a timer that was set before would fire before
  const later = Promise.withResolvers<void>()
  using _later = warmUp(1, [() => later.resolve()])
  await later.promise
  expect(loaded).toEqual(['first'])
})
