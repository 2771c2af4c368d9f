import { expect, test } from 'vitest'
import { createReadTurns } from './read-turns.ts'

const turn = () => new Promise(setImmediate)

/** Reads of one step per millisecond, on a clock of their own; `done` has their names in the order of their ends. */
function reading() {
  let clockMs = 0
  const join = createReadTurns(() => clockMs)
  const done: string[] = []
  const steps: string[] = []
  async function read(owner: string, name: string, length: number) {
    const nextStep = join(owner)
    for (let step = 0; step < length; step++) {
      await nextStep()
      clockMs++
      steps.push(name)
    }
    done.push(name)
  }
  return { read, done, steps }
}

test('a short read does not wait for many long ones of the same owner', async () => {
  const { read, done, steps } = reading()
  const long = Array.from({ length: 50 }, (_, n) => read('one', `long ${n}`, 20))
  while (steps.length < 200) await turn()
  const before = steps.length
  await read('one', 'short', 3)
  expect(done).toEqual(['short'])
  // each fourth turn is for one of the long reads
  expect(steps.length - before).toBeLessThanOrEqual(6)
  await Promise.all(long)
})

test('a long read goes on while short ones keep coming', async () => {
  const { read, done } = reading()
  const long = read('one', 'long', 20)
  const isOver = () => done.includes('long')
  async function keepReading(name: string) {
    for (let n = 0; n < 1000 && !isOver(); n++) await read('one', name, 1)
  }
  await Promise.all([long, ...Array.from({ length: 5 }, (_, n) => keepReading(`short ${n}`))])
  expect(done.indexOf('long')).toBeLessThan(200)
})

test('an owner with many reads takes no more turns than one with a single read', async () => {
  const { read, steps } = reading()
  const many = Array.from({ length: 50 }, (_, n) => read('many', 'many', 10 + n))
  const single = read('single', 'single', 50)
  await single
  const until = steps.lastIndexOf('single')
  const others = steps.slice(0, until).filter((name) => name === 'many').length
  expect(others).toBeLessThanOrEqual(51)
  await Promise.all(many)
})
