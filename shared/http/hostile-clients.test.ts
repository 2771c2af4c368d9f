import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { silent, until } from '../testing/builders.ts'
import type { Route, Routes } from './route.ts'
import { type ListenOptions, listen } from './serve.ts'
import { createService } from './service.ts'
import { slotSizes } from './slots.ts'
import { slowClientLimits } from './slow-clients.ts'

const mebibyte = 1024 * 1024

/** A service whose requests to /wait wait until the test lets them go. */
async function serving(options: Partial<ListenOptions> = {}) {
  const gate = Promise.withResolvers<void>()
  const started: string[] = []
  const routes: Routes = {
    'GET /wait/:n': {
      scope: 'read',
      kind: 'waits',
      async handle({ parameters: { n = '' } }) {
        started.push(n)
        await gate.promise
        return { status: 200, body: { n } }
      },
    },
    'GET /large': { scope: 'read', handle: async () => ({ status: 200, body: { text: 'x'.repeat(4 * mebibyte) } }) },
    'GET /small': { scope: 'read', handle: async () => ({ status: 200, body: { ok: true } }) },
    'POST /': {
      scope: 'write',
      handle: async (request) => ({ status: 202, body: { bytes: (await request.bytes(4 * mebibyte)).length } }),
    },
    // only Hono's router answers it
    'GET /stream': { scope: 'read', streams: true, handle: async () => ({ status: 200, body: endless() }) },
  }
  const server = await listen({ ...createService({ log: silent, routes }), port: 0, log: silent, ...options })
  const open = (sent = '') => {
    const socket = connect(server.port, 'localhost').on('error', () => {})
    socket.write(sent)
    return socket
  }
  return Object.assign(server, {
    open,
    started,
    release: gate.resolve,
    status: async (path = '/small', init?: RequestInit) =>
      (await fetch(`http://localhost:${server.port}${path}`, init)).status,
  })
}

async function* endless() {
  for (;;) yield new Uint8Array(64 * 1024)
}

/** Everything that a server has sent so far. */
function received(socket: Socket) {
  let bytes = ''
  socket.on('data', (chunk) => {
    bytes += chunk
  })
  return () => bytes
}
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`

describe('pipelined requests', () => {
  test('only a few of a connection are started, and all are answered in order', async () => {
    await using server = await serving()
    const socket = server.open(Array.from({ length: 3_000 }, (_, n) => get(`/wait/${n}`)).join(''))
    const answers = received(socket)
    await until(() => server.started.length === 4)
    expect(await server.status()).toBe(200)
    expect(server.started.length).toBe(4)
    server.release()
    await until(() => statuses(answers()).length === 3_000)
    const bodies = [...answers().matchAll(/"n":"(\d+)"/g)].map(([, n]) => Number(n))
    expect(bodies).toEqual(Array.from({ length: 3_000 }, (_, n) => n))
    expect(new Set(statuses(answers()))).toEqual(new Set([200]))
    socket.destroy()
  })

  test('a connection that closes gives back the slots of all its requests', async () => {
    await using server = await serving({ atOnce: { slots: { ...slotSizes, waits: 4 } } })
    const socket = server.open(Array.from({ length: 100 }, (_, n) => get(`/wait/${n}`)).join(''))
    await until(() => server.started.length === 4)
    expect(await server.status('/wait/other')).toBe(503)
    socket.destroy()
    server.release()
    await until(async () => (await server.status('/wait/other')) === 200)
  })

  test('a connection that closes gives back the slots of answers that waited behind another', async () => {
    await using server = await serving({ atOnce: { slots: { ...slotSizes, reads: 3 } } })
    const behindAnother = async () => {
      const socket = server.open(get('/wait/1') + get('/small').repeat(3))
      await until(async () => (await server.status()) === 503)
      return socket
    }
    const left = await behindAnother()
    left.destroy()
    await until(async () => (await server.status()) === 200)
    const stays = await behindAnother()
    const answers = received(stays)
    server.release()
    await until(() => statuses(answers()).length === 4)
    expect(statuses(answers())).toEqual([200, 200, 200, 200])
    stays.destroy()
  })

  test('connections that pipeline far too much are closed, and a modest one is served', async () => {
    await using server = await serving({ atOnce: { waiting: 200 } })
    const many = Array.from({ length: 1_000 }, (_, n) => get(`/wait/${n}`)).join('')
    const greedy = server.open(many)
    await once(greedy.resume(), 'close')
    const modest = server.open(Array.from({ length: 10 }, (_, n) => get(`/wait/m${n}`)).join(''))
    const answers = received(modest)
    await until(() => server.started.includes('m3'))
    server.release()
    await until(() => statuses(answers()).length === 10)
    modest.destroy()
  })

  test('a body that follows other requests still arrives', async () => {
    await using server = await serving()
    const gets = Array.from({ length: 50 }, (_, n) => get(`/wait/${n}`)).join('')
    const socket = server.open(`${gets}POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 200000\r\n\r\n`)
    socket.write('x'.repeat(200_000))
    const answers = received(socket)
    server.release()
    await until(() => statuses(answers()).length === 51)
    expect(answers()).toContain('{"bytes":200000}')
    socket.destroy()
  })
})

describe('bodies', () => {
  const chunked = (bytes: number) =>
    `POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`

  test('that are small and chunked are all taken, although they arrive at the same time', async () => {
    await using server = await serving()
    const sockets = Array.from({ length: 100 }, () => server.open(chunked(100)))
    const answers = sockets.map(received)
    for (const socket of sockets) socket.write('0\r\n\r\n')
    await until(() => answers.every((answer) => statuses(answer())[0] === 202))
    for (const socket of sockets) socket.destroy()
  })

  test('that become large once they are inflated are handled one in each turn of the event loop', async () => {
    let turn = 0
    let isOver = false
    const count = () => {
      turn++
      if (!isOver) setImmediate(count)
    }
    count()
    const turns: number[] = []
    const route: Route = {
      scope: 'write',
      async handle(request) {
        await request.bytes(mebibyte)
        turns.push(turn)
        return { status: 202 }
      },
    }
    const service = createService({ log: silent, routes: { 'POST /': route } })
    await using server = await listen({ ...service, port: 0, log: silent })
    const body = gzipSync(Buffer.alloc(mebibyte))
    const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`
    const socket = connect(server.port, 'localhost')
    socket.write(Buffer.concat(Array(4).fill(Buffer.concat([Buffer.from(head), body]))))
    await until(() => turns.length === 4)
    isOver = true
    socket.destroy()
    expect(new Set(turns).size).toBe(4)
  })

  test('that are large are used one after another, whatever happens to one, and small ones do not wait', async () => {
    const used: string[] = []
    const gates = new Map<string, PromiseWithResolvers<void>>()
    const route: Route = {
      scope: 'write',
      handle: (request) =>
        request.use(mebibyte, async (bytes) => {
          const name = String.fromCharCode(bytes[0] ?? 0)
          used.push(name)
          const gate = Promise.withResolvers<void>()
          gates.set(name, gate)
          if (bytes.length > 100) await gate.promise
          return { status: 202 }
        }),
    }
    const service = createService({ log: silent, routes: { 'POST /': route } })
    await using server = await listen({ ...service, port: 0, log: silent })
    const send = (body: string | Uint8Array, headers: Record<string, string> = {}) => {
      const sent = { method: 'POST', body: body as string, headers, signal: AbortSignal.timeout(20_000) }
      return fetch(`http://localhost:${server.port}/`, sent).then(({ status }) => status)
    }
    const first = send('a'.repeat(100_000))
    await until(() => used.includes('a'))
    const others = [send('b'.repeat(100_000)), send(gzipSync('c'.repeat(100_000)), { 'content-encoding': 'gzip' })]
    // its client does not wait for the turn of its body
    const impatient = connect(server.port, 'localhost').on('error', () => {})
    impatient.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n${'d'.repeat(100_000)}`)
    expect(await send('s')).toBe(202)
    expect(await send('t')).toBe(202)
    expect(used).toEqual(['a', 's', 't'])
    impatient.resetAndDestroy()
    gates.get('a')?.reject(new Error('It could not be used'))
    expect(await first).toBe(500)
    for (const left = new Set(['b', 'c']); left.size > 0; ) {
      await until(() => [...left, 'd'].some((name) => gates.has(name)))
      const names = [...gates.keys()].filter((name) => left.has(name) || name === 'd')
      expect(names).toHaveLength(1)
      for (const name of names) {
        gates.get(name)?.resolve()
        gates.delete(name)
        left.delete(name)
      }
    }
    expect(await Promise.all(others)).toEqual([202, 202])
  })

  test('that are declared but do not arrive keep out nobody', async () => {
    await using server = await serving()
    const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${4 * mebibyte}\r\n\r\nx`
    const sockets = Array.from({ length: 20 }, () => server.open(head))
    await until(async () => (await server.status('/', { method: 'POST', body: 'x'.repeat(100_000) })) === 202)
    for (const socket of sockets) socket.destroy()
  })

  test('when there is no room left, the largest one gets a 503', async () => {
    await using server = await serving({ atOnce: { bodyBytes: mebibyte } })
    const large = server.open(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${mebibyte}\r\n\r\n`)
    const answer = received(large)
    large.write('x'.repeat(1_030_000))
    await until(async () => {
      // in chunks, since a body that arrives in one piece needs no room
      const small = ReadableStream.from([new Uint8Array(60_000)])
      expect(await server.status('/', { method: 'POST', body: small, duplex: 'half' } as RequestInit)).toBe(202)
      return answer() !== ''
    })
    expect(answer()).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after: 1/i)
  })

  test.each([
    'content-length: 3\r\n\r\nabc',
    'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ])('of a GET are dropped: %j', async (rest) => {
    await using server = await serving()
    const socket = server.open(`GET /small HTTP/1.1\r\nhost: localhost\r\n${rest}${get('/small')}`)
    const answers = received(socket)
    await until(() => statuses(answers()).length === 2)
    expect(statuses(answers())).toEqual([200, 200])
    socket.destroy()
  })

  test('of a GET are read only up to a limit', async () => {
    await using server = await serving()
    const socket = server.open('GET /wait/1 HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n')
    const answer = received(socket)
    for (let n = 0; n < 20 && answer() === ''; n++) socket.write(`2000\r\n${'x'.repeat(0x2000)}\r\n`)
    await until(() => answer() !== '')
    expect(answer()).toMatch(/^HTTP\/1.1 413 /)
    server.release()
  })
})

describe('slow clients', () => {
  const limits = {
    ...slowClientLimits,
    everyMs: 10,
    silenceMs: 400,
    graceMs: 400,
    minBytesPerSecond: 100,
    unreadMs: 300,
  }
  const head = (bytes: number) => `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${bytes}\r\n\r\n`

  test('a body that stops arriving gets a 408 that states the limits', async () => {
    await using server = await serving({ slowClients: limits })
    const answer = received(server.open(`${head(10)}x`))
    await until(() => answer() !== '')
    expect(answer()).toMatch(/^HTTP\/1.1 408 [\s\S]*10 s[\s\S]*16 KiB\/s/)
  })

  test('a body that trickles gets a 408, and one that is merely slow is taken', async () => {
    await using server = await serving({ slowClients: limits })
    const trickling = server.open(head(10_000))
    const slow = server.open(head(10_000))
    const answers = [received(trickling), received(slow)] as const
    for (let n = 0; n < 20; n++) {
      if (trickling.writable) trickling.write('x')
      slow.write('x'.repeat(500))
      await wait(50)
    }
    await until(() => answers.every((answer) => answer() !== ''))
    expect(answers.map((answer) => statuses(answer()))).toEqual([[408], [202]])
    for (const socket of [trickling, slow]) socket.destroy()
  })

  test.each(['/large', '/stream'])('an answer that is not read ends, and gives back its slot: %s', async (path) => {
    await using server = await serving({ slowClients: limits, atOnce: { slots: { ...slotSizes, reads: 3 } } })
    const socket = server.open(get(path).repeat(3)).pause()
    await until(async () => (await server.status()) === 503)
    await until(async () => (await server.status()) === 200)
    socket.destroy()
  })

  test('a client that waits for its answer is not a slow one', async () => {
    await using server = await serving({ slowClients: limits })
    const socket = server.open(get('/wait/1'))
    const answer = received(socket)
    await wait(limits.unreadMs * 2)
    server.release()
    await until(() => statuses(answer())[0] === 200)
    socket.destroy()
  })
})

test('answers that nobody reads are bounded together, and small ones still pass', async () => {
  await using server = await serving({ atOnce: { answerBytes: 6 * mebibyte } })
  const sockets = Array.from({ length: 4 }, () => server.open(get('/large').repeat(4)).pause())
  const large = () => server.status('/large', { headers: { 'accept-encoding': 'identity' } })
  await until(async () => (await large()) === 503)
  expect(await server.status()).toBe(200)
  for (const socket of sockets) socket.destroy()
  await until(async () => (await large()) === 200)
})

test('a peer behind a trusted proxy has a share of its own', async () => {
  await using server = await serving({
    trustedProxies: ['127.0.0.1', '::1'],
    atOnce: { slots: { ...slotSizes, waits: 8 } },
  })
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  const first = [1, 2].map((n) => server.status(`/wait/${n}`, from('203.0.113.7')))
  await until(() => server.started.length === 2)
  expect(await server.status('/wait/3', from('192.0.2.1, 203.0.113.7'))).toBe(503)
  const other = server.status('/wait/4', from('203.0.113.8'))
  await until(() => server.started.length === 3)
  server.release()
  expect(await Promise.all([...first, other])).toEqual([200, 200, 200])
})
