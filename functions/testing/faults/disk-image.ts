/** A change that a process made to a file, or an answer that it wrote to a socket. */
export type DiskEvent =
  | { kind: 'write'; file: string; offset: number; bytes: Buffer }
  | { kind: 'truncate'; file: string; size: number }
  | { kind: 'sync'; file: string }
  | { kind: 'remove'; file: string }
  | { kind: 'sent'; text: string }

/** The calls with which SQLite changes a file, and those that write to a socket. */
export const tracedCalls = 'pwrite64,pwritev,write,writev,ftruncate,fdatasync,fsync,unlink,rename'

/**
 * Reads one line of `strace -y -xx -s …`; undefined when the line does not matter. Throws when the line would make the
 * image wrong.
 */
export function readTraced(line: string): DiskEvent | undefined {
  const [, call, rest = '', result] = /^(\w+)\((.*)\)\s+= (-?\d+)/s.exec(line) ?? []
  if (call === undefined || Number(result) < 0) return undefined
  const name = unescaped(/<((?:\\x[\da-f]{2})*)>/.exec(rest)?.[1] ?? '').toString()
  const strings = [...rest.matchAll(/"((?:\\x[\da-f]{2})*)"(\.\.\.)?/g)].map(([, hex = '', more]) => {
    if (more) throw new Error(`strace truncated a write: ${call} wrote to ${name}`)
    return unescaped(hex)
  })
  const bytes = Buffer.concat(strings)
  if (call === 'unlink') return isDatabase(bytes.toString()) ? { kind: 'remove', file: bytes.toString() } : undefined
  if (call === 'write' || call === 'writev') {
    if (isDatabase(name)) throw new Error(`${name}: ${call} does not name the offset at which it writes`)
    return /^(?:socket|TCP)/.test(name) ? { kind: 'sent', text: bytes.toString() } : undefined
  }
  if (!isDatabase(name)) return undefined
  const last = Number(/(\d+)$/.exec(rest)?.[1])
  if (call === 'pwrite64') return { kind: 'write', file: name, offset: last, bytes: bytes.subarray(0, Number(result)) }
  if (call === 'ftruncate') return { kind: 'truncate', file: name, size: last }
  if (call === 'fsync' || call === 'fdatasync') return { kind: 'sync', file: name }
  throw new Error(`${call} is not supported`)
}

/** Shared memory is built again after a crash. */
const isDatabase = (file: string) => /\.db(?:-wal|-journal)?$/.test(file)

const unescaped = (hex: string) => Buffer.from(hex.replaceAll('\\x', ''), 'hex')

/**
 * The contents of a disk whose power fails after the given number of events. They include everything that was synced,
 * and a later write if `survives` returns true for it. The disk is assumed to know immediately that a file was created
 * or deleted.
 */
export function diskAfter(
  events: readonly DiskEvent[],
  count: number,
  survives: () => boolean,
): ReadonlyMap<string, Buffer> {
  const files = new Map<string, { synced: Content; since: DiskEvent[] }>()
  for (const event of events.slice(0, count)) {
    if (event.kind === 'sent') continue
    if (event.kind === 'remove') {
      files.delete(event.file)
      continue
    }
    const file = files.get(event.file) ?? { synced: emptyContent(), since: [] }
    files.set(event.file, file)
    if (event.kind === 'sync') {
      for (const earlier of file.since.splice(0)) file.synced.apply(earlier)
    } else file.since.push(event)
  }
  for (const { synced, since } of files.values()) for (const event of since) if (survives()) synced.apply(event)
  return new Map([...files].map(([name, { synced }]) => [name, synced.bytes()]))
}

type Content = { apply(event: DiskEvent): void; bytes(): Buffer }

function emptyContent(): Content {
  let held = Buffer.alloc(4096)
  let size = 0
  function resize(to: number) {
    if (to > held.length) held = Buffer.concat([held, Buffer.alloc(Math.max(to - held.length, held.length))])
    if (to < size) held.fill(0, to, size)
    size = to
  }
  return {
    apply(event) {
      if (event.kind === 'truncate') resize(event.size)
      if (event.kind !== 'write') return
      resize(Math.max(size, event.offset + event.bytes.length))
      event.bytes.copy(held, event.offset)
    },
    bytes: () => held.subarray(0, size),
  }
}
