import { Socket } from 'node:net'

/**
 * Imported before a program (node --import), it sends the program's connections to other ports: DETOUR is `from=to`, with
 * commas between several. Brokers of Kafka name the ports at which they are reached, so nothing else gets between.
 */
const ports = new Map(
  (process.env['DETOUR'] ?? '').split(',').map((pair) => pair.split('=').map(Number)) as [number, number][],
)
const connect = Socket.prototype.connect as (...args: unknown[]) => Socket

Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  // net.connect hands its arguments on as one array
  const [first] = args.flat() as { port?: number | string }[]
  const to = ports.get(Number(first?.port))
  if (first && to !== undefined) first.port = to
  return connect.apply(this, args)
} as Socket['connect']
