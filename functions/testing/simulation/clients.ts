import { formatTimestamp } from '@activity-log/shared/timestamp.ts'
import { within } from '@activity-log/shared/within.ts'
import type { Deployment } from './deployment.ts'
import { createLife } from './life.ts'
import type { Answer, Message, Network } from './network.ts'
import type { World } from './world.ts'

export type Content = { userId: string; action: string; timestamp?: string; metadata: { marker: string } }
/** `open`: no answer has come yet. */
export type Attempt = { result: 'open' | 'accepted' | 'rejected' | 'unknown'; id?: string; receipt?: string }

/** An activity that a client wants in the log, and the answer to each attempt to send it. */
export type Intent = { marker: string; id: string | undefined; content: Content; attempts: Attempt[] }

const timeoutMs = 15_000

/** Posts activities in every way that clients use, and keeps the history. */
export function createClients(world: World, network: Network, { ingest, query }: Pick<Deployment, 'ingest' | 'query'>) {
  const { random, after, now, note, violate } = world
  const intents: Intent[] = []
  const ids: string[] = []
  const life = createLife('client')

  function newIntent(): Intent {
    const marker = `m${intents.length}`
    const reused = ids.length > 0 && random.chance(0.08) ? random.pick(ids) : undefined
    const id = reused ?? (random.chance(0.75) ? `order-${ids.length}` : undefined)
    if (id !== undefined && !reused) ids.push(id)
    const content: Content = {
      userId: random.chance(0.05) ? '' : random.pick(['user_1', 'Zoë ☃', 'user_3']),
      action: random.pick(['click', 'buy', 'leave']),
      ...(random.chance(0.5) && { timestamp: formatTimestamp(world.now() + 1_700_000_000_000) }),
      metadata: { marker },
    }
    const intent: Intent = { marker, id, content, attempts: [] }
    intents.push(intent)
    return intent
  }

  const bodyOf = ({ id, content }: Intent) => ({ ...(id !== undefined && { id }), ...content })

  function messageOf(sent: readonly Intent[]): Message {
    const [first] = sent
    const form = random.pick(['array', 'lines', 'one', 'key'] as const)
    const message = (type: string, text: string, headers = {}): Message => ({
      method: 'POST',
      path: '/logs',
      headers: { 'content-type': type, ...headers },
      body: Buffer.from(text),
    })
    if (sent.length === 1 && first && form === 'one') return message('application/json', JSON.stringify(bodyOf(first)))
    if (sent.length === 1 && first?.id !== undefined && form === 'key') {
      return message('application/json', JSON.stringify(first.content), { 'idempotency-key': first.id })
    }
    const bodies = sent.map((intent) => JSON.stringify(bodyOf(intent)))
    return form === 'lines'
      ? message('application/x-ndjson', bodies.join('\n'))
      : message('application/json', `[${bodies}]`)
  }

  /** Sends the activities once, and notes the answer. */
  async function post(sent: readonly Intent[]): Promise<void> {
    const attempts = sent.map((intent) => {
      const attempt: Attempt = { result: 'open' }
      intent.attempts.push(attempt)
      return attempt
    })
    // a proxy repeats only requests that the sender made repeatable
    const mayDouble = sent.every(({ id }) => id !== undefined)
    let answer: Answer
    try {
      answer = await within(timeoutMs, network.send(life, ingest, messageOf(sent), mayDouble), 'no answer')
    } catch (error) {
      note(`client ${sent.map(({ marker }) => marker)}: ${(error as Error).message}`)
      for (const attempt of attempts) attempt.result = 'unknown'
      return
    }
    const said = JSON.parse(answer.body) as { results?: Said[] } & Said
    attempts.forEach((attempt, index) => {
      const own = said.results?.[index] ?? said
      const { id, receipt } = own
      Object.assign(attempt, { result: resultOf(answer.status, own), ...(id && { id }), ...(receipt && { receipt }) })
    })
    note(`client ${sent.map(({ marker }, index) => `${marker} ${attempts[index]?.result}`)}`)
  }

  /** Sends activities whose result is unknown again, as long as that is safe. */
  async function insist(sent: readonly Intent[]) {
    if (random.chance(0.1)) {
      const safe = sent.filter(({ id }) => id !== undefined)
      if (safe.length > 0) await Promise.all([post(sent), post(safe)])
      else await post(sent)
    } else await post(sent)
    for (let retry = 1; retry <= 3; retry++) {
      const open = sent.filter(
        ({ id, attempts }) => id !== undefined && attempts.every(({ result }) => result === 'unknown'),
      )
      if (open.length === 0 || random.chance(0.2)) return
      await after(random.between(0, 3000))
      await post(open)
    }
  }

  /** A client that has a receipt sees its own write. */
  async function readBack({ marker, attempts }: Intent) {
    const { receipt, id } = attempts.find(({ result }) => result === 'accepted') ?? {}
    if (receipt === undefined) return
    // the request may wait for the outcome, and then take as long as any list
    const path = `/logs?limit=1000&wait=10&receipt=${receipt}`
    const asked = network.send(life, query, { method: 'GET', path, waitMs: 15_000 }, true)
    const answer = await within(2 * timeoutMs, asked, 'no answer').catch(() => undefined)
    if (answer?.status !== 200) return
    const { data, receipt: said } = JSON.parse(answer.body) as { data: { id: string }[]; receipt: { status: string } }
    const mustBeThere = said.status !== 'rejected'
    if (said.status === 'pending') violate(`a list that waited for the outcome of ${marker} says that it is pending`)
    if (mustBeThere && !data.some((activity) => activity.id === id))
      violate(`a list that waited for the outcome of ${marker} lacks it`)
  }

  /** One client: it sends some activities, waits, and continues until it has sent its share. */
  async function run(share: number, untilMs: number) {
    for (let left = share; left > 0 && now() < untilMs; ) {
      const count = Math.min(left, random.chance(0.7) ? 1 : random.between(2, 20))
      left -= count
      const sent = Array.from({ length: count }, newIntent)
      await insist(sent)
      if (random.chance(0.2)) await readBack(random.pick(sent))
      await after(random.pick([0, 50, 1000]))
    }
  }

  const burst = (count: number) => insist(Array.from({ length: count }, newIntent))

  return { intents: intents as readonly Intent[], run, burst }
}

type Said = { status?: unknown; id?: string; receipt?: string }

function resultOf(status: number, { status: item }: Said): Attempt['result'] {
  if (item === 'accepted') return 'accepted'
  if (item === 'invalid') return 'rejected'
  if (item === 'unavailable' || status >= 500) return 'unknown'
  return status === 202 ? 'accepted' : 'rejected'
}
