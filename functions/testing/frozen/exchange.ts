import { hash } from 'node:crypto'
import type { Answer } from './frozen-answer.ts'
import type { FrozenRequest } from './frozen-request.ts'
import type { Way } from './request-ways.ts'
import { rewritten } from './rewritten-requests.ts'
import type { System } from './state.ts'

/** The answers to a request, which its digest identifies; no answers when the connection ended without one. */
export type Exchange = { name: string; request: string; path: string; answers: readonly Answer[] }

/** Returns the current path of a request whose path has changed since it was recorded. */
export type Redirect = (request: FrozenRequest) => string

/** Sends the requests in order, each after everything before it has settled. */
export async function exchangeAll(
  requests: readonly FrozenRequest[],
  {
    system,
    way,
    pathOf = ({ path }) => path,
  }: { system: Pick<System, 'tick' | 'settled'>; way: Way; pathOf?: Redirect },
): Promise<Exchange[]> {
  const exchanges: Exchange[] = []
  const known = new Map<string, Answer>()
  for (const request of requests) {
    system.tick()
    const path = pathOf(request)
    const answers = await askWhole(way, filled({ ...rewritten(request), path }, known))
    await system.settled()
    if (!answers) continue
    exchanges.push({
      name: request.name,
      request: digestOf(request),
      path: path.length > 200 ? digestOf({ ...request, path }) : path,
      answers,
    })
    if (answers[0]) known.set(request.name, answers[0])
  }
  return exchanges
}

/** A request that only reads may be repeated. */
async function askWhole(way: Way, request: FrozenRequest): Promise<readonly Answer[] | undefined> {
  const isWhole = ({ body }: Answer) => new RegExp(request.whole ?? '').test(String(body))
  for (let attempt = 1; ; attempt++) {
    const answers = await way.ask(request)
    if (!answers || answers.every(isWhole) || attempt === maxAttempts) return answers
  }
}
const maxAttempts = 20

/** Identifies the content of a request, to tell whether it is still the recorded one. */
export function digestOf({ body, raw, ...rest }: FrozenRequest): string {
  const bytes = [body, raw].map((content = '') => Buffer.from(content as string).toString('base64'))
  return hash('sha256', JSON.stringify([rest, ...bytes]), 'hex').slice(0, 12)
}

function filled(request: FrozenRequest, known: ReadonlyMap<string, Answer>): FrozenRequest {
  const fill = (text: string) =>
    text.replace(/\{\{(.+?)([#~@])(.+?)\}\}(?!\})/g, (_all, name: string, kind: string, place: string) => {
      const found = lookUp(known.get(name), kind, place)
      if (found === undefined) throw new Error(`${request.name} needs ${kind}${place} of ${name}, which does not exist`)
      return found
    })
  const { path, headers = [] } = request
  return {
    ...request,
    path: fill(path),
    headers: headers.map(([name, value]) => [name, fill(value)] as const),
  }
}

function lookUp(answer: Answer | undefined, kind: string, place: string): string | undefined {
  if (!answer || typeof answer.body !== 'string') return undefined
  if (kind === '@') return String(answer.headers[place])
  if (kind === '~') {
    const match = new RegExp(place).exec(answer.body)
    return match?.[1] ?? match?.[0]
  }
  let at: unknown = JSON.parse(answer.body)
  for (const name of place.split('/').slice(1)) at = (at as { [name: string]: unknown } | undefined)?.[name]
  return typeof at === 'string' ? at : undefined
}
