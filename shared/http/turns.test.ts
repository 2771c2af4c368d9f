import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { silent, until } from '../testing/builders.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'
import { openTurns } from './turns.ts'

/** Turns by a clock that only the test moves. */
function turnsOf() {
  let now = 0
  let waited = 0
  const { reads, writes: write } = openTurns(
    () => now + waited,
    () => now,
  )
  const turn = (owner = 'acme', isOneOfMany?: boolean) => reads(owner, isOneOfMany)
  const writes = () => write('acme')
  const work = (ms: number) => {
    now += ms
  }
  const wait = (ms: number) => {
    waited += ms
  }
  return { turn, writes, work, wait }
}

test('work goes on at once while there is time, and again in the next turn', async () => {
  const { turn, work } = turnsOf()
  expect(turn()).toBeUndefined()
  work(1)
  expect(turn()).toBeUndefined()
  work(1)
  expect(turn()).toBeInstanceOf(Promise)
  await nextTurn()
  expect(turn()).toBeUndefined()
})

test('what waits goes on in order, as much of it in a turn as there is time for', async () => {
  const { turn, work } = turnsOf()
  void turn()
  work(5)
  const went: string[] = []
  for (const name of ['a', 'b', 'c']) {
    void turn()?.then(async () => {
      // the rest of the work is a microtask, as with most work
      await undefined
      await undefined
      went.push(name)
      work(1)
    })
  }
  expect(went).toEqual([])
  await nextTurn()
  expect(went).toEqual(['a', 'b'])
  await nextTurn()
  expect(went).toEqual(['a', 'b', 'c'])
})

test('what has waited does not take the time of what arrives', async () => {
  const { turn, work } = turnsOf()
  void turn()
  work(5)
  const slow = async () => {
    for (let part = 0; part < 3; part++) {
      await turn()
      work(6)
    }
  }
  const all = Promise.all([slow(), slow()])
  for (let n = 0; n < 3; n++) {
    await nextTurn()
    expect(turn()).toBeUndefined()
  }
  await all
})

test('a write waits for no more than one of the reads that asked before it', async () => {
  const { turn, writes, work } = turnsOf()
  void turn()
  work(5)
  const went: string[] = []
  const waits = [turn(), turn(), turn(), writes(), writes()].map(async (wait, at) => {
    await wait
    went.push('rRRwW'.charAt(at))
    work(5)
  })
  await Promise.all(waits)
  expect(went.join('')).toBe('wrWRR')
})

test('owners take turns, so what one of them waits for does not delay the others', async () => {
  const { turn, work } = turnsOf()
  void turn()
  work(5)
  const went: string[] = []
  const waits = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map(async (name) => {
    await turn(name.charAt(0))
    went.push(name)
    work(5)
  })
  await Promise.all(waits)
  expect(went).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
})

test('of what begins together, as much goes on in a turn as there is time for', async () => {
  const { turn, work } = turnsOf()
  let went = 0
  for (let n = 0; n < 10; n++) {
    // they all ask before any of them has worked
    void turn('acme', true)?.then(() => {
      went++
      work(1)
    })
  }
  expect(went).toBe(0)
  for (let turns = 1; turns <= 5; turns++) {
    await nextTurn()
    expect(went).toBe(2 * turns)
  }
})

test('what waits gets as much time as all else took since it had to wait, up to a bound', async () => {
  const { turn, work } = turnsOf()
  let went = 0
  for (let n = 0; n < 30; n++) {
    void turn('acme', true)?.then(() => {
      went++
      work(1)
    })
  }
  await nextTurn()
  expect(went).toBe(2)
  work(5)
  await nextTurn()
  expect(went).toBe(2 + 5)
  work(100)
  await nextTurn()
  expect(went).toBe(2 + 5 + 8)
  await nextTurn()
  expect(went).toBe(2 + 5 + 8 + 2)
})

test('time that passes without work does not count', async () => {
  const { turn, work, wait } = turnsOf()
  void turn()
  wait(100)
  expect(turn()).toBeUndefined()
  work(5)
  expect(turn()).toBeInstanceOf(Promise)
})

/** A service over sockets, in which each request takes a while. */
async function busyServer(ms: number, onStart = () => {}) {
  let started = 0
  const startsOf: number[] = []
  let next = setImmediate(function tick() {
    startsOf.push(started)
    next = setImmediate(tick)
  })
  const service = createService({
    log: silent,
    routes: {
      'GET /work': {
        scope: 'read',
        async handle() {
          started++
          onStart()
          for (const end = performance.now() + ms; performance.now() < end; );
          return { status: 200 }
        },
      },
    },
  })
  const server = await listen({ ...service, port: 0, log: silent })
  const open = async (count: number) => {
    const sockets = Array.from({ length: count }, () => connect(server.port, 'localhost').on('error', () => {}))
    // connections that are new would not be read in the same turn
    for (const socket of sockets) socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await Promise.all(sockets.map((socket) => once(socket, 'data')))
    return sockets
  }
  return {
    open,
    started: () => started,
    mostInATurn: () => Math.max(...startsOf.map((count, at) => count - (startsOf[at - 1] ?? 0))),
    async [Symbol.asyncDispose]() {
      clearImmediate(next)
      await server[Symbol.asyncDispose]()
    },
  }
}
const request = 'GET /work HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'

test('few of the requests that arrive in one turn start in it, and all are answered', async () => {
  await using server = await busyServer(3)
  const sockets = await server.open(60)
  const ends = sockets.map((socket) => once(socket.resume(), 'close'))
  for (const socket of sockets) socket.write(request)
  await Promise.all(ends)
  expect(server.started()).toBe(60)
  // two that arrive and two that have waited
  expect(server.mostInATurn()).toBeLessThanOrEqual(5)
})

test('a request whose client goes away while it waits is not started, and leaves its place', async () => {
  let sockets: Socket[] = []
  await using server = await busyServer(20, () => {
    for (const socket of sockets) socket.resetAndDestroy()
  })
  sockets = await server.open(20)
  for (const socket of sockets) socket.write(request)
  await until(() => server.started() > 0 && sockets.every(({ closed }) => closed))
  const [last] = await server.open(1)
  const end = once((last as Socket).resume(), 'close')
  last?.write(request)
  await end
  expect(server.started()).toBeLessThan(10)
})
