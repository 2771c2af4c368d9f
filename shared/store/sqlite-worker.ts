import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { setCache } from '../sqlite/file.ts'
import { type Found, type Lines, type Searched, TooBroad } from './activities.ts'
import { type PackedFound, pack } from './packed-found.ts'
import { cacheMiB, createLongReads, type LongReads } from './sqlite-long-reads.ts'
import type { ReadLimits } from './sqlite-time-slicer.ts'

/** The thread for long reads; createReader starts it. */
export type ReaderOptions = { path: string; limits: ReadLimits }
/** `args` are all arguments of the verb but the last one. */
export type ReadRequest = { id: number; verb: keyof LongReads; args: readonly unknown[] }
/** Nobody waits for this read any more. */
export type ReadEnd = { end: number }
/** An error loses its class and its code between threads. */
export type ReadError = {
  name: string
  message: string
  stack: string | undefined
  code: unknown
  tooBroad?: TooBroadDetails
}
type TooBroadDetails = { counted: number; searched: Searched | undefined }
export type ReadAnswer =
  | { id: number; result: unknown }
  | { id: number; packed: PackedFound }
  | { id: number; error: ReadError }
  | 'alive'

if (parentPort) serve(parentPort, workerData)

function serve(port: NonNullable<typeof parentPort>, { path, limits }: ReaderOptions) {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  setCache(db, cacheMiB)
  const reads = createLongReads(db, limits)
  const running = new Map<number, AbortController>()
  const say = (answer: ReadAnswer, transfer: readonly ArrayBuffer[] = []) => port.postMessage(answer, transfer)

  async function answer({ id, verb, args }: ReadRequest) {
    const end = new AbortController()
    running.set(id, end)
    try {
      const read = reads[verb] as (...args: unknown[]) => Promise<unknown>
      const result = await read(...args, () => end.signal)
      if (end.signal.aborted) return
      if (verb === 'find' || verb === 'arrivals') say({ id, packed: pack(result as Found[]) })
      else say({ id, result }, buffersIn(result))
    } catch (error) {
      if (!end.signal.aborted) say({ id, error: toReadError(error as Error) })
    } finally {
      running.delete(id)
    }
  }

  port.on('message', (message: ReadRequest | ReadEnd | 'ping') => {
    if (message === 'ping') say('alive')
    else if ('end' in message) running.get(message.end)?.abort()
    else void answer(message)
  })
}

/** Transfers lines, and the bodies of dead letters, instead of copying them. */
function buffersIn(result: unknown): ArrayBuffer[] {
  const bytes = Array.isArray(result) ? result.map(({ body }) => body) : [(result as Partial<Lines>).bytes]
  return bytes.flatMap((each) => (each instanceof Uint8Array ? (each.buffer as ArrayBuffer) : []))
}

function toReadError(error: Error): ReadError {
  const { name, message, stack } = error
  const { code } = error as NodeJS.ErrnoException
  if (!(error instanceof TooBroad)) return { name, message, stack, code }
  const { counted, searched } = error
  return { name, message, stack, code, tooBroad: { counted, searched } }
}
