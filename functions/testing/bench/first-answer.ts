import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { residentMebibytes } from './bench-report.ts'
import { serverCore, startPinned, threadSeconds } from './pinned.ts'
import type { Start } from './programs.ts'

export type FirstRequest = {
  method: string
  path: string
  headers?: { [name: string]: string }
  body?: string
  /** The status that acknowledges the request; any other status is a mistake in the benchmark. */
  status: number
}
/** The time from spawn, and the CPU time that the process has used. */
export type FirstAnswer = { ms: number; cpuMs: number; residentMebibytes: number }

/** Polls at least as often as a proxy that holds a request would. */
const pollMs = 2
const timeoutMs = 30_000

/** Starts a server, sends requests until it listens and answers, and kills it. */
export async function firstAnswer({ command, env }: Start, port: number, asked: FirstRequest): Promise<FirstAnswer> {
  const startedAt = performance.now()
  await using server = startPinned(serverCore, command, { ...env, PORT: `${port}` })
  while (performance.now() - startedAt < timeoutMs) {
    const answer = await ask(port, asked)
    if (answer) {
      const ms = performance.now() - startedAt
      if (answer.statusCode !== asked.status) {
        throw new Error(`${command.join(' ')} answered ${answer.statusCode}:\n${server.output()}`)
      }
      const { pid } = server.child
      return { ms, cpuMs: threadSeconds(pid) * 1000, residentMebibytes: residentMebibytes(pid) }
    }
    if (server.child.exitCode !== null) throw new Error(`${command.join(' ')} ended:\n${server.output()}`)
    await wait(pollMs)
  }
  throw new Error(`${command.join(' ')} did not answer:\n${server.output()}`)
}

/** Undefined while nothing listens. */
async function ask(port: number, { method, path, headers, body }: FirstRequest): Promise<IncomingMessage | undefined> {
  const asking = request({ host: '127.0.0.1', port, method, path, headers, agent: false }).end(body)
  try {
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    answer.resume()
    await once(answer, 'end')
    return answer
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined
    throw error
  }
}
