import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'
import { openValve } from './valve.ts'

/** Nothing takes time but what the test says. */
function valveOf() {
  let time = 0
  const valve = openValve(() => time)
  const work = (ms: number) => {
    time += ms
  }
  return { ...valve, work }
}

function aSocket() {
  let isPaused = false
  const socket = Object.assign(new EventEmitter(), {
    destroyed: false,
    isPaused: () => isPaused,
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      socket.emit('resume')
    },
  })
  return socket as unknown as Socket
}
const nextTurn = () => new Promise(setImmediate)

test('when what was read takes too long, nothing more is read in this turn, and some sockets in each of the next', async () => {
  const { add, note, work } = valveOf()
  const all = Array.from({ length: 100 }, aSocket)
  for (const socket of all) add(socket)
  const held = () => all.filter((socket) => socket.isPaused()).length
  for (let n = 0; n < 32; n++) note()
  expect(held()).toBe(0)
  work(20)
  for (let n = 0; n < 8; n++) note()
  expect(held()).toBe(100)
  const counts: number[] = []
  while (held() > 0 && counts.length < 10) {
    await nextTurn()
    counts.push(held())
  }
  expect(counts).toEqual([68, 36, 4, 0])
})

test('what a turn reads quickly holds nobody, however often', async () => {
  const { add, note, work } = valveOf()
  const one = aSocket()
  add(one)
  for (let turn = 0; turn < 5; turn++) {
    for (let n = 0; n < 1000; n++) note()
    work(9)
    for (let n = 0; n < 1000; n++) note()
    await nextTurn()
    for (let n = 0; n < 30; n++) note()
    work(30)
    note()
    await nextTurn()
  }
  expect(one.isPaused()).toBe(false)
})

test('sockets that others paused are left to them, and nobody resumes one that is held', async () => {
  const { add, note, work, isHeld } = valveOf()
  const [paused, held] = [aSocket(), aSocket()]
  for (const socket of [paused, held]) add(socket)
  paused.pause()
  note()
  work(20)
  for (let n = 0; n < 64; n++) note()
  held.resume()
  expect([held.isPaused(), isHeld(held), isHeld(paused)]).toEqual([true, true, false])
  await nextTurn()
  expect([held.isPaused(), paused.isPaused()]).toEqual([false, true])
  // what its client has sent is read in the turn after this one
  expect(isHeld(held)).toBe(true)
  await nextTurn()
  expect(isHeld(held)).toBe(false)
})

test('few clients end their connections in one turn', async () => {
  const { add } = valveOf()
  const all = Array.from({ length: 100 }, aSocket)
  for (const socket of all) add(socket)
  for (const socket of all.slice(0, 32)) socket.emit('end')
  expect(all.every((socket) => socket.isPaused())).toBe(true)
  await nextTurn()
  expect(all.filter((socket) => socket.isPaused())).toHaveLength(68)
})

test('one socket that brings as much as a turn may read closes the valve at once', async () => {
  const { add, close } = valveOf()
  const all = Array.from({ length: 40 }, aSocket)
  for (const socket of all) add(socket)
  close()
  expect(all.every((socket) => socket.isPaused())).toBe(true)
  await nextTurn()
  expect(all.filter((socket) => socket.isPaused())).toHaveLength(8)
})

test('a server reads few of the requests that thousands of clients send at the same moment in one turn', async () => {
  let turn = 0
  const byTurn = new Map<number, number>()
  let next = setImmediate(function tick() {
    turn++
    next = setImmediate(tick)
  })
  const routes = { 'GET /': { scope: 'public', handle: async () => ({ status: 200 }) } } as const
  const service = createService({ log: silent, routes })
  /** Reading a request takes a twentieth of a millisecond. */
  const kindOf: typeof service.kindOf = (...request) => {
    byTurn.set(turn, (byTurn.get(turn) ?? 0) + 1)
    for (const end = process.cpuUsage().user + 50; process.cpuUsage().user < end; );
    return service.kindOf(...request)
  }
  await using server = await listen({ ...service, kindOf, port: 0, log: silent })
  const sockets = Array.from({ length: 2_000 }, () => connect(server.port, '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const answered = sockets.map((socket) => once(socket, 'data'))
  for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await Promise.all(answered)
  clearImmediate(next)
  for (const socket of sockets) socket.destroy()
  expect([...byTurn.values()].reduce((sum, count) => sum + count)).toBe(2_000)
  expect(Math.max(...byTurn.values())).toBeLessThan(1_000)
})

test('headers that came while the process was too busy to read them are in time', async () => {
  const service = createService({
    log: silent,
    routes: { 'GET /': { scope: 'public', handle: async () => ({ status: 200 }) } },
  })
  const timeouts = { headersTimeout: 50, requestTimeout: 0, connectionsCheckingInterval: 20, keepAliveTimeout: 5_000 }
  await using server = await listen({ ...service, port: 0, log: silent, timeouts })
  const [whole, part] = [connect(server.port, '127.0.0.1'), connect(server.port, '127.0.0.1')]
  await Promise.all([once(whole, 'connect'), once(part, 'connect')])
  const answers = [whole, part].map(async (socket) => String((await once(socket, 'data'))[0]).slice(0, 12))
  // meanwhile both connections are accepted
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  whole.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  part.write('GET / HTTP/1.1\r\nHost: localhost\r\n')
  for (const end = performance.now() + 200; performance.now() < end; );
  expect(await Promise.all(answers)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 408'])
  whole.destroy()
})
