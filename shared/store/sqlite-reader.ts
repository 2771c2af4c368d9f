import { Worker } from 'node:worker_threads'
import { Aborted, type Gone } from '../aborted.ts'
import { within } from '../within.ts'
import { TooBroad } from './activities.ts'
import { unpack } from './packed-found.ts'
import type { LongReads } from './sqlite-long-reads.ts'
import { type ReadLimits, readLimits } from './sqlite-time-slicer.ts'
import type { ReadAnswer, ReadEnd, ReadError, ReaderOptions, ReadRequest } from './sqlite-worker.ts'
import { StoreUnavailable } from './store.ts'

const closeMs = 2000

export type ReaderSetting = {
  path: string
  limits?: ReadLimits
  /**
   * How long after its creation the thread starts if there was no read before. Without it, the first read starts it.
   */
  warmUpMs?: number
}

type Waiting = {
  request: ReadRequest
  resolve: (result: never) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
  stopListening: () => void
}

export type Reader = LongReads & AsyncDisposable

/**
 * Runs long reads in a separate thread with its own connection to the file. Each read begins after it is requested, so
 * it sees what was saved before. Each is answered in time: a thread that does not answer is replaced, and the next one
 * answers the other reads. If a thread fails, all pending reads reject with StoreUnavailable. A read for which nobody
 * waits any more ends in the thread, too.
 */
export function createReader({ path, limits = readLimits, warmUpMs }: ReaderSetting): Reader {
  const waiting = new Map<number, Waiting>()
  let current: Worker | undefined
  let lastId = 0
  let heard = 0
  let isClosed = false
  const warmUp = warmUpMs === undefined ? undefined : setTimeout(getReady, warmUpMs).unref()

  function getReady() {
    current ??= start()
    if (waiting.size === 0) current.unref()
  }

  function start(): Worker {
    const options: ReaderOptions = { path, limits }
    // drops the arguments of this process, because some are invalid for threads
    const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: options, execArgv: [] })
    const fail = (cause: Error) => {
      if (worker !== current) return
      current = undefined
      failAll(new StoreUnavailable('The reader thread failed', { cause }))
    }
    worker.on('message', hear)
    worker.on('messageerror', fail)
    worker.on('error', fail)
    worker.on('exit', (code) => fail(new Error(`It exited with ${code}`)))
    return worker
  }

  function ask<Verb extends keyof LongReads>(verb: Verb, args: readonly unknown[], gone: Gone | undefined) {
    if (isClosed) throw new StoreUnavailable('The store is closed')
    const signal = gone?.()
    if (signal?.aborted) throw nobodyWaits()
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<LongReads[Verb]>>>()
    const id = ++lastId
    const request: ReadRequest = { id, verb, args }
    current ??= start()
    current.ref()
    current.postMessage(request)
    // an answer that is there already comes first, however late this process looks
    const timer = setTimeout(() => setImmediate(giveUp, id), limits.answerMs + limits.graceMs)
    const leave = () => end(id)?.reject(nobodyWaits())
    signal?.addEventListener('abort', leave, { once: true })
    const stopListening = () => signal?.removeEventListener('abort', leave)
    waiting.set(id, { request, resolve, reject, timer, stopListening })
    return promise
  }

  /** Removes a read from those that wait. */
  function take(id: number): Waiting | undefined {
    const taken = waiting.get(id)
    clearTimeout(taken?.timer)
    taken?.stopListening()
    waiting.delete(id)
    if (waiting.size === 0) current?.unref()
    return taken
  }

  /** Removes a read for which nobody waits any more, also from the thread. */
  function end(id: number): Waiting | undefined {
    current?.postMessage({ end: id } satisfies ReadEnd)
    return take(id)
  }

  function hear(answer: ReadAnswer) {
    heard++
    if (answer === 'alive') return
    const asked = take(answer.id)
    if ('error' in answer) asked?.reject(toError(answer.error))
    else asked?.resolve(('packed' in answer ? unpack(answer.packed) : answer.result) as never)
  }

  function giveUp(id: number) {
    const late = end(id)
    if (!late) return
    late.reject(new StoreUnavailable('A read was not answered in time'))
    const worker = current
    const before = heard
    worker?.postMessage('ping')
    setTimeout(() => setImmediate(() => worker === current && heard === before && replace()), limits.graceMs).unref()
  }

  function replace() {
    void current?.terminate()
    current = undefined
    if (waiting.size === 0) return
    current = start()
    for (const { request } of waiting.values()) current.postMessage(request)
  }

  function failAll(error: Error) {
    for (const id of [...waiting.keys()]) take(id)?.reject(error)
  }

  return {
    find: async (query, gone) => ask('find', [query], gone),
    findLines: async (query, gone) => ask('findLines', [query], gone),
    count: async (filter, max, gone) => ask('count', [filter, max], gone),
    stats: async (query, gone) => ask('stats', [query], gone),
    arrivals: async (query, gone) => ask('arrivals', [query], gone),
    findDeadLetters: async (query, gone) => ask('findDeadLetters', [query], gone),
    async [Symbol.asyncDispose]() {
      isClosed = true
      clearTimeout(warmUp)
      const worker = current
      current = undefined
      failAll(new StoreUnavailable('The store is closed'))
      // a running statement cannot be interrupted, so disposal does not wait for a thread that is stuck in one
      if (worker) await within(closeMs, worker.terminate(), 'The reader thread did not end').catch(() => {})
    },
  }
}

const nobodyWaits = () => new Aborted('Nobody waits for the answer')

/** Recreates the class that the error had in the other thread. */
function toError({ name, message, stack, code, tooBroad }: ReadError): Error {
  if (name === 'TooBroad') return new TooBroad(message, tooBroad)
  if (name === 'StoreUnavailable') return new StoreUnavailable(message)
  return Object.assign(new Error(message), { name, stack }, code !== undefined && { code })
}
