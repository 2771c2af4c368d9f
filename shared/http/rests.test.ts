import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openRests } from './rests.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function aRequest(resumed: string[], name: string) {
  const socket = new Socket()
  socket.resume = () => {
    resumed.push(name)
    return socket
  }
  return new IncomingMessage(socket)
}

test('connections that rest are read one at a time, each after a rest', () => {
  const resumed: string[] = []
  const rests = openRests()
  const [a, b, c] = ['a', 'b', 'c'].map((name) => aRequest(resumed, name)) as [
    IncomingMessage,
    IncomingMessage,
    IncomingMessage,
  ]
  for (const request of [a, b, c, a]) rests.rest(request)
  expect([rests.isResting(a.socket), a.socket.isPaused()]).toEqual([true, true])
  vi.advanceTimersByTime(20)
  expect(resumed).toEqual(['a'])
  expect(rests.isResting(a.socket)).toBe(false)
  rests.rest(a)
  rests.forget(b.socket)
  vi.advanceTimersByTime(40)
  expect(resumed).toEqual(['a', 'c', 'a'])
  expect(vi.getTimerCount()).toBe(0)
})

test('one whose reader has enough is left to its reader', () => {
  const resumed: string[] = []
  const rests = openRests()
  const request = aRequest(resumed, 'a')
  request.push(Buffer.alloc(request.readableHighWaterMark))
  rests.rest(request)
  vi.advanceTimersByTime(100)
  expect(resumed).toEqual([])
})
