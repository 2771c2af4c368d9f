import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { incomingFrom } from './body.ts'
import type { BodyRoom } from './body-room.ts'
import { type Problem, unavailable } from './problem.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** A request whose body arrives in one chunk, which only the reader of the body holds. */
function arriving(bytes: number) {
  const stream = new PassThrough()
  const request = Object.assign(stream, { headers: {} }) as unknown as IncomingMessage
  const chunk = Buffer.alloc(bytes)
  stream.end(chunk)
  return { request, chunk: new WeakRef(chunk) }
}

/** Whether the bytes are released, which garbage collection shows a few turns later. */
async function isReleased(chunk: WeakRef<Buffer>): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt++) {
    await wait(5)
    collect()
    if (chunk.deref() === undefined) return true
  }
  return false
}

test('a body that made room for another one is released, although its turn has not come', async () => {
  const never = Promise.withResolvers<never>()
  let end = (_problem: Problem) => {}
  const room: BodyRoom = {
    nextTurn: () => never.promise,
    open(stop) {
      end = stop
      return { add: () => {}, release: () => {}, turn: () => never.promise }
    },
  }
  const { request, chunk } = arriving(1024 * 1024)
  const reading = incomingFrom(request, room).bytes(2 * 1024 * 1024)
  await wait(20)
  expect(await isReleased(chunk)).toBe(false)
  end(unavailable('There is no room'))
  await expect(reading).rejects.toThrow('There is no room')
  expect(await isReleased(chunk)).toBe(true)
  expect(never.promise).toBeInstanceOf(Promise)
})

test('a body that was read is released, although its request is still there', async () => {
  const { request, chunk } = arriving(1024 * 1024)
  expect(await incomingFrom(request).use(2 * 1024 * 1024, ({ byteLength }) => byteLength)).toBe(1024 * 1024)
  expect(await isReleased(chunk)).toBe(true)
  expect(request.readableEnded).toBe(true)
})
