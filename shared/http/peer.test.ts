import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createPeerFinder } from './peer.ts'

const from = (remoteAddress: string, forwarded?: string) => ({
  socket: { remoteAddress } as Socket,
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
})

test('without trusted proxies, the peer is the address of the socket', () => {
  const peerOf = createPeerFinder()
  expect(peerOf(from('203.0.113.7', '198.51.100.1'))).toBe('203.0.113.7')
  expect(peerOf(from('::ffff:203.0.113.7'))).toBe('203.0.113.7')
})

test.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('%s stands for no particular peer', (address) => {
  expect(createPeerFinder()(from(address, '198.51.100.1'))).toBeUndefined()
})

test.each([
  ['198.51.100.1', '198.51.100.1'],
  ['192.0.2.99, 198.51.100.1', '198.51.100.1'],
  ['192.0.2.99,198.51.100.1 , 10.1.2.3,127.0.0.1', '198.51.100.1'],
  ['198.51.100.1:4711, 10.1.2.3:80', '198.51.100.1'],
  // an address of the client's own, with a network of its own that is trusted, too
  ['10.9.9.9, 10.1.2.3', '10.9.9.9'],
  ['unknown', 'unknown'],
])('behind trusted proxies, %s means %s', (forwarded, peer) => {
  const peerOf = createPeerFinder(['127.0.0.1', '10.0.0.0/8'])
  expect(peerOf(from('127.0.0.1', forwarded))).toBe(peer)
  expect(peerOf(from('10.1.1.1', forwarded))).toBe(peer)
  expect(peerOf(from('203.0.113.7', forwarded))).toBe('203.0.113.7')
})

test('the addresses of one IPv6 network are one peer', () => {
  const peerOf = createPeerFinder(['::1'])
  const peers = ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2:0:0:0:3'].map((address) =>
    peerOf(from('::1', address)),
  )
  expect(new Set(peers).size).toBe(1)
  expect(peerOf(from('::1', '2001:db8:1:3::1'))).not.toBe(peers[0])
})
