import { gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { incomingOf, readText } from './body.ts'
import { Problem } from './problem.ts'

const maxBytes = 8
const app = new Hono()
app.post('/bytes', async (c) => c.body(Buffer.from(await incomingOf(c.req.raw).bytes(maxBytes))))
app.post('/large', async (c) => c.body(Buffer.from(await incomingOf(c.req.raw).bytes(128 * 1024))))
app.post('/text', async (c) => c.text(await readText(incomingOf(c.req.raw), maxBytes)))
app.onError((error) => (error instanceof Problem ? error.toResponse() : new Response(String(error), { status: 500 })))

/** A body without a declared length, as in a chunked transfer. */
function stream(...chunks: (Uint8Array | Error)[]) {
  let read = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[read++]
        if (chunk === undefined) controller.close()
        else if (chunk instanceof Error) controller.error(chunk)
        else controller.enqueue(chunk)
      },
    },
    { highWaterMark: 0 },
  )
  return { body, chunksRead: () => read }
}
const send = (
  body: ReadableStream | string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  path = '/bytes',
) => app.request(path, { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
const declaring = (body: string, path = '/bytes') =>
  send(body, { 'content-length': `${Buffer.byteLength(body)}` }, path)

describe('a body', () => {
  test.each(['', 'x', '12345678', 'éééé'])('%j is read unchanged', async (body) => {
    expect(await (await declaring(body)).text()).toBe(body)
    expect(await (await send(stream(Buffer.from(body)).body)).text()).toBe(body)
  })

  test('that arrives in parts is read completely', async () => {
    expect(await (await send(stream(Buffer.from('123'), Buffer.from('45'), Buffer.from('678')).body)).text()).toBe(
      '12345678',
    )
  })

  test('is rejected by its declared length before any of it is read', async () => {
    const { body, chunksRead } = stream(Buffer.from('123456789'))
    const response = await send(body, { 'content-length': '9' })
    expect(response.status).toBe(413)
    expect(response.headers.get('connection')).toBe('close')
    expect(chunksRead()).toBe(0)
  })

  test('without a declared length is rejected as soon as it is too large', async () => {
    const { body, chunksRead } = stream(Buffer.from('12345'), Buffer.from('6789'), ...Array(100).fill(Buffer.from('x')))
    expect((await send(body)).status).toBe(413)
    expect(chunksRead()).toBeLessThan(5)
  })

  test('that is cut off is a 400', async () => {
    const response = await send(stream(Buffer.from('123'), new Error('aborted')).body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ detail: 'The body did not arrive in full; send the request again.' })
  })

  test.each([
    'br',
    'deflate',
    'gzip, gzip',
    'identity, gzip',
    'x',
  ])('in the encoding %s is rejected, and the answer names gzip', async (encoding) => {
    const response = await send('x', { 'content-encoding': encoding })
    expect(response.status).toBe(415)
    expect(response.headers.get('accept-encoding')).toBe('gzip, identity')
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('gzip or uncompressed') })
  })

  test('in the identity encoding is accepted', async () => {
    expect((await send('x', { 'content-encoding': 'Identity' })).status).toBe(200)
  })
})

describe('a body in gzip', () => {
  const gzipped = (bytes: Uint8Array, encoding = 'gzip') =>
    send(stream(bytes).body, { 'content-encoding': encoding }, '/large')
  const small = gzipSync('1234')

  test.each<[string, Uint8Array, string?]>([
    ['one member', gzipSync('12341234')],
    ['several members', Buffer.concat([small, small])],
    ['zeros behind its end', Buffer.concat([small, small, Buffer.alloc(20)])],
    ['another name', gzipSync('12341234'), 'X-GZIP'],
  ])('is inflated: %s', async (_what, bytes, encoding) => {
    const response = await gzipped(bytes, encoding)
    expect([response.status, await response.text()]).toEqual([200, '12341234'])
  })

  test('is limited by what it holds, however small it is', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    const message = { detail: 'The body is larger than 131072 bytes once it is inflated.' }
    const response = await send(bomb as Uint8Array<ArrayBuffer>, { 'content-encoding': 'gzip' }, '/large')
    expect([response.status, await response.json()]).toEqual([413, expect.objectContaining(message)])
  })

  test.each<[string, Uint8Array, string]>([
    ['nothing', Buffer.alloc(0), 'ends early'],
    ['a member that ends early', small.subarray(0, -1), 'ends early'],
    ['a second member that ends early', Buffer.concat([small, small.subarray(0, 4)]), 'ends early'],
    ['a second member that is not gzip', Buffer.concat([small, Buffer.from('x'.repeat(40))]), 'is damaged'],
    ['text behind its padding', Buffer.concat([small, Buffer.from('\0\0x')]), 'has something behind its end'],
    ['a wrong checksum', Buffer.concat([small.subarray(0, -8), Buffer.alloc(8)]), 'is damaged'],
    ['JSON', Buffer.from('{"userId":"u"}'), 'is damaged'],
  ])('is a 400 if it is %s', async (_what, bytes, reason) => {
    const response = await send(bytes as Uint8Array<ArrayBuffer>, { 'content-encoding': 'gzip' }, '/large')
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ detail: expect.stringContaining(reason) }),
    ])
  })
})

describe('text', () => {
  test('is UTF-8, without a byte order mark', async () => {
    expect(await (await declaring('\ufeffé☃', '/text')).text()).toBe('é☃')
  })
  test.each([
    [[0xff]],
    [[0xc0, 0xaf]],
    [[0xed, 0xa0, 0x80]],
    [[0xe2, 0x98]],
  ])('is rejected if it is not UTF-8: %j', async (bytes) => {
    const response = await send(Uint8Array.from(bytes), {}, '/text')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ detail: 'The body is not valid UTF-8.' })
  })
})
