import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export type PeerOf = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => string | undefined

/**
 * Returns who sent a request: the address of its socket or, where that is a trusted proxy, the last address in
 * X-Forwarded-For that is not one. Undefined for a loopback address: behind a proxy that nobody named, such as
 * queue-proxy, all clients have it.
 */
export function createPeerFinder(trustedProxies: readonly string[] = []): PeerOf {
  const trusts = createTrust(trustedProxies)
  const addressOf = remembering(plainAddress)
  return ({ socket, headers }) => {
    const address = addressOf(socket.remoteAddress ?? '')
    const forwarded = headers['x-forwarded-for']
    if (forwarded === undefined || !trusts(address)) return isLoopback(address) ? undefined : groupOf(address)
    const hops = String(forwarded).split(',').slice(-maxHops).map(plainAddress)
    // if all are trusted, the first one is where the request came from
    const peer = hops.findLast((hop) => !trusts(hop)) ?? hops[0] ?? address
    return isLoopback(peer) ? undefined : groupOf(peer)
  }
}

/** Remembers the last result: most requests in a row come from one address. */
function remembering(compute: (text: string) => string): (text: string) => string {
  let [text, result] = ['', compute('')]
  return (next) => {
    if (next !== text) [text, result] = [next, compute(next)]
    return result
  }
}

/** More proxies than this in a row do not occur, and the header is as long as its sender likes. */
const maxHops = 32

/** Returns whether an address is in a list of addresses and ranges. */
export function createTrust(addresses: readonly string[]): (address: string) => boolean {
  if (addresses.length === 0) return () => false
  const list = new BlockList()
  for (const each of addresses) {
    const [address = '', bits] = each.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

/** An address without the port, the brackets and the prefix of mapped IPv4 that it may have. */
export function plainAddress(text: string): string {
  const address = text.trim()
  const bracketed = /^\[(.*)\](?::\d+)?$/.exec(address)?.[1] ?? address
  const withoutPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(bracketed)?.[1] ?? bracketed
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutPort)?.[1] ?? withoutPort
}

export const isLoopback = (address: string) => address === '::1' || address === '' || address.startsWith('127.')

/** The sender of an IPv6 packet chooses the last 64 bits freely, so only the first 64 name a peer. */
function groupOf(address: string): string {
  if (isIP(address) !== 6) return address.slice(0, 64)
  const [left = '', right] = address.split('::')
  const before = left === '' ? [] : left.split(':')
  const after = right ? right.split(':') : []
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')
}
