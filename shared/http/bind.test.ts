import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { StartError } from '../config.ts'
import { silent } from '../testing/builders.ts'
import { type Listening, listen } from './serve.ts'

const serve = (host?: string, port = 0) =>
  listen({ fetch: () => new Response('ok'), port, log: silent, ...(host !== undefined && { host }) })

async function answers({ port }: Listening, host: string): Promise<boolean> {
  const socket = connect({ port, host })
  socket.end('GET / HTTP/1.0\r\n\r\n')
  return (await text(socket).catch(() => '')).startsWith('HTTP/1.1 200')
}

const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list)
const outer = addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address
const hasIpv6 = addresses.some(({ address }) => address === '::1')

describe('by default a server', () => {
  test('is reached by the addresses of localhost', async () => {
    await using server = await serve()
    expect(await answers(server, '127.0.0.1')).toBe(true)
    expect(await answers(server, '::1')).toBe(hasIpv6)
    expect(server.hosts).toEqual(hasIpv6 ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'])
    expect(server.isLoopback).toBe(true)
  })

  test.skipIf(!outer)('is not reached by another address of this machine', async () => {
    await using server = await serve()
    expect(await answers(server, outer ?? '')).toBe(false)
    await using open = await serve('0.0.0.0')
    expect(await answers(open, outer ?? '')).toBe(true)
    expect([open.hosts, open.isLoopback]).toEqual([['0.0.0.0'], false])
  })

  test.skipIf(!hasIpv6)('does not share localhost with another program', async () => {
    const other = createServer()
    await once(other.listen(0, '::1'), 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await expect(serve(undefined, port)).rejects.toThrow(`Port ${port} is in use`)
    // nothing is left open
    await using server = await serve('127.0.0.1', port)
    expect(server.port).toBe(port)
    other.close()
  })
})

test('listens on the one address that it is told', async () => {
  await using server = await serve('127.0.0.1')
  expect(await answers(server, '127.0.0.1')).toBe(true)
  expect(await answers(server, '::1')).toBe(false)
  expect([server.hosts, server.isLoopback]).toEqual([['127.0.0.1'], true])
})

test('an address that this machine does not have is a StartError that names the variable', async () => {
  await expect(serve('192.0.2.1')).rejects.toBeInstanceOf(StartError)
  await expect(serve('192.0.2.1')).rejects.toThrow('HOST=192.0.2.1 is not an address of this machine')
})
