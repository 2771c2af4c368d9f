import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { asTenant } from '../tenant.ts'
import { silent, until } from '../testing/builders.ts'
import { openAnswerRoom } from './answer-room.ts'
import { anybody } from './caller.ts'
import type { Route } from './route.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'

const mebibyte = 1024 * 1024

test('there is room for the answers of one owner, whatever the clients of another do not read', () => {
  const { take } = openAnswerRoom(10 * mebibyte)
  const isTaken = (owner?: string) => 'release' in take(mebibyte, owner)
  expect(Array.from({ length: 10 }, () => isTaken('flood')).filter(Boolean)).toHaveLength(8)
  expect([isTaken('quiet'), isTaken('flood'), isTaken('another')]).toEqual([true, false, false])
})

test('an owner has all of its room back once its answers are read', () => {
  const { take } = openAnswerRoom(10 * mebibyte)
  const takeAll = () => Array.from({ length: 10 }, () => take(mebibyte, 'one'))
  const first = takeAll().filter((taken) => 'release' in taken)
  for (const taken of first) if ('release' in taken) taken.release()
  expect(takeAll().filter((taken) => 'release' in taken)).toHaveLength(first.length)
})

test.each([
  'localhost',
  'LOCALHOST',
])('answers that the clients of a tenant do not read leave room for others: %s', async (host) => {
  const text = (mebibytes: number): Route => ({
    scope: 'read',
    handle: async () => {
      const body = 'x'.repeat(mebibytes * mebibyte)
      return { status: 200, headers: { 'content-type': 'text/plain' }, body }
    },
  })
  const { fetch, front } = createService({
    log: silent,
    routes: { 'GET /12': text(12), 'GET /7': text(7), 'GET /2': text(2) },
    authenticate: ({ header }) => ({ ...anybody, isOperator: false, tenant: asTenant(header('tenant') ?? '') }),
  })
  await using server = await listen({ fetch, front, port: 0, log: silent, atOnce: { answerBytes: 20 * mebibyte } })
  using opened = new DisposableStack()
  /** Reads the beginning of an answer, and leaves the rest. */
  async function statusOf(path: string, tenant: string): Promise<string> {
    const socket = opened.adopt(connect(server.port, 'localhost'), (each) => each.destroy())
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${server.port}\r\nTenant: ${tenant}\r\n\r\n`)
    let begun = ''
    socket.once('data', (bytes) => {
      begun = bytes.toString('latin1', 9, 12)
      socket.pause()
    })
    await until(() => begun !== '')
    return begun
  }
  expect(await statusOf('/12', 'flood')).toBe('200')
  expect(await statusOf('/7', 'flood')).toBe('503')
  expect(await statusOf('/2', 'quiet')).toBe('200')
})
