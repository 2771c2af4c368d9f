import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { createFront } from './front.ts'
import { unavailable } from './problem.ts'
import { createService } from './service.ts'

const nextTurn = () => new Promise(setImmediate)

test.each([
  '/failing',
  '/nothing',
])('the router waits for a turn before it answers with a problem: %s', async (path) => {
  const handle = () => Promise.reject(unavailable('There is none.'))
  const app = createService({ log: silent, routes: { 'GET /failing': { scope: 'public', handle } } })
  const { promise: turn, resolve: go } = Promise.withResolvers<void>()
  let isAnswered = false
  const rooms = { bodies: undefined, answers: { take: () => ({ release() {} }) }, turn: () => turn }
  const asked = Promise.resolve(app.fetch(new Request(`http://localhost${path}`), { rooms } as never)).then(() => {
    isAnswered = true
  })
  for (let n = 0; n < 5; n++) await nextTurn()
  expect(isAnswered).toBe(false)
  go()
  await asked
})

test('what is answered straight from its socket waits for a turn before a problem, and for none before success', async () => {
  const written: number[] = []
  let status = 200
  const front = createFront(silent, [
    { method: 'GET', path: '/x', handle: async () => ({ status, headers: {}, body: 'x' }) } as never,
  ])
  const { promise: turn, resolve: go } = Promise.withResolvers<void>()
  const ask = () => {
    const request = Object.assign(new PassThrough(), {
      ...{ method: 'GET', url: '/x', headers: { host: 'localhost' }, rawHeaders: ['host', 'localhost'] },
    })
    const response = {
      req: { socket: { destroyed: false } },
      writeHead(code: number) {
        written.push(code)
        return this
      },
      end() {},
    }
    return front(request as never, response as never, {}, { turn: () => turn } as never)
  }
  await ask()
  status = 503
  const asked = ask()
  for (let n = 0; n < 5; n++) await nextTurn()
  expect(written).toEqual([200])
  go()
  await asked
  expect(written).toEqual([200, 503])
})
