import { Socket } from 'node:net'

/**
 * Imported before a program (node --import), this sends the program's connections to other ports: DETOUR is a
 * comma-separated list of `from=to`. Kafka brokers name the ports at which they are reached, so a plain proxy would be
 * bypassed.
 */
const ports = new Map(
  (process.env['DETOUR'] ?? '').split(',').map((pair) => pair.split('=').map(Number)) as [number, number][],
)
const connect = Socket.prototype.connect as (...args: unknown[]) => Socket

Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  // net.connect passes its arguments on as one array
  const [first] = args.flat() as { port?: number | string }[]
  const to = ports.get(Number(first?.port))
  if (first && to !== undefined) first.port = to
  return connect.apply(this, args)
} as Socket['connect']
