import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { silent, until } from '../testing/builders.ts'
import { accepted } from './accepted.ts'
import { withChunk } from './join-small-chunks.ts'
import { type ListenOptions, listen } from './serve.ts'

/** Sends bytes to a server of its own, and returns the answers. */
async function asked(fetch: ListenOptions['fetch'], sent: readonly string[]) {
  await using server = await listen({ fetch, port: 0, log: silent })
  const socket = connect(server.port, 'localhost')
  for (const part of sent) socket.write(part)
  return await text(socket)
}

const statuses = (answers: string) => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
const chunk = (content: string) => `${content.length.toString(16)}\r\n${content}\r\n`
const post = 'POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n'

describe('a body in very small chunks', () => {
  test('is a few objects while it waits to be read', async () => {
    let pieces = 0
    const answer: ListenOptions['fetch'] = async (_request, { incoming }) => {
      await until(() => incoming.complete)
      let body = ''
      incoming.on('data', (piece) => {
        pieces++
        body += piece
      })
      await once(incoming, 'end')
      return new Response(body)
    }
    expect(await asked(answer, [post, chunk('x').repeat(10_000), '0\r\n\r\n'])).toContain('x'.repeat(10_000))
    expect(pieces).toBeLessThan(50)
  })

  test('is read no further than its reader wants, and then as a whole', async () => {
    const [size, count] = [100, 20_000]
    let waiting = 0
    const answer: ListenOptions['fetch'] = async (_request, { incoming }) => {
      await until(() => incoming.socket.isPaused())
      waiting = incoming.readableLength
      return new Response(String((await text(incoming)).length))
    }
    const sent = [post, chunk('x'.repeat(size)).repeat(count), '0\r\n\r\n']
    expect(await asked(answer, sent)).toContain(`\r\n\r\n${size * count}`)
    expect(waiting).toBeLessThan((size * count) / 2)
  })

  test('is read with rests, so that others have their turn, and arrives as a whole', async () => {
    let rests = 0
    const answer: ListenOptions['fetch'] = async (_request, { incoming }) => {
      incoming.socket.on('pause', () => rests++)
      return new Response(String((await text(incoming)).length))
    }
    const count = 60_000
    expect(await asked(answer, [post, chunk('x').repeat(count), '0\r\n\r\n'])).toContain(`\r\n\r\n${count}`)
    expect(rests).toBeGreaterThan(2)
  })

  test('is kept as a few objects, however it arrives', () => {
    let chunks: Uint8Array[] = []
    let max = 0
    for (let bytes = 1; bytes <= 50_000; bytes++) {
      chunks = withChunk(chunks, Buffer.from([bytes % 256]), bytes)
      max = Math.max(max, chunks.length)
    }
    expect(max).toBeLessThan(200)
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(Array.from({ length: 50_000 }, (_, n) => (n + 1) % 256)))
  })
})

describe('many headers', () => {
  const get = (count: number) =>
    `GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${'a: b\r\n'.repeat(count)}\r\n`
  const answer = async () => new Response('ok')

  test('are an error, even if they are short', async () => {
    expect(statuses(await asked(answer, [get(200)]))).toEqual([200])
    for (const count of [254, 300, 2_500]) expect(statuses(await asked(answer, [get(count)]))).toEqual([431])
  })
})

test('only the beginning of an absurdly long Accept header is read', () => {
  expect(accepted('a,'.repeat(8_000)).length).toBeLessThan(600)
  expect(accepted(`text/html;q=0.5,${'b,'.repeat(8_000)}`)[0]).toEqual(accepted('text/html;q=0.5,b')[0])
  expect(accepted('Text/HTML, application/json;q=0.9')).toEqual([
    { name: 'text/html', q: 1 },
    { name: 'application/json', q: 0.9 },
  ])
})
