import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLogOutput } from './log-output.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A file on a disk with so much room, or a code with which every write fails. */
function output(state: { room: number; code?: string }) {
  let text = ''
  const written = openLogOutput(1, (_fd, bytes) => {
    if (state.room === 0) throw Object.assign(new Error('no room'), { code: state.code ?? 'ENOSPC' })
    const part = bytes.subarray(0, state.room)
    state.room -= part.byteLength
    text += Buffer.from(part).toString()
    return part.byteLength
  })
  return { ...written, text: () => text }
}

test('lines are written at once', () => {
  const { write, text } = output({ room: 1000 })
  write('one\n')
  write('two ☃\n')
  expect(text()).toBe('one\ntwo ☃\n')
})

test.each(['ENOSPC', 'EAGAIN'])('after %s, nobody waits, and each line is written whole once there is room', (code) => {
  const state = { room: 6, code }
  const { write, text } = output(state)
  for (const line of ['one\n', 'two\n', 'three\n']) write(line)
  expect(text()).toBe('one\ntw')
  state.room = 1000
  vi.advanceTimersByTime(1_000)
  expect(text()).toBe('one\ntwo\nthree\n')
})

test('lines beyond a limit are omitted, and a line says how many', () => {
  const state = { room: 0 }
  const { write, text } = output(state)
  for (let n = 0; n < 300; n++) write(`${'x'.repeat(1023)}\n`)
  state.room = 1024 * 1024
  vi.advanceTimersByTime(1_000)
  const lines = text().trimEnd().split('\n')
  expect(lines).toHaveLength(257)
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ omitted: 44, level: 40 })
})

test('lines that nobody reads any more are forgotten', () => {
  const state = { room: 0, code: 'EPIPE' }
  const { write, text } = output(state)
  write('one\n')
  state.room = 1000
  write('two\n')
  expect(text()).toBe('two\n')
})
