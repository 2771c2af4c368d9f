import { setTimeout as wait } from 'node:timers/promises'
import type { FoundActivity } from '@activity-log/shared/document.ts'
import type { Random } from '../seeded-random.ts'
import { type FoundDeadLetter, type FoundReceipt, type LedgerSummary, type Observed, outcomesIn } from './checker.ts'
import type { History } from './history.ts'
import type { System } from './system.ts'

export type ReceiptAnswer = { status: string; links: { deadLetter?: string } }

const pollMs = 200
const someReceipts = 300
const atOnce = 16

/**
 * Resolves with true once every position has its outcome, or the dispatchers have nothing more to deliver, so that
 * missing outcomes will never come. Resolves with false when no new outcome has become known for `stillMs`; that time
 * does not begin while the ledger cannot be read.
 */
export async function settle(system: System, stillMs: number): Promise<boolean> {
  let known = -1
  for (let since = performance.now(); performance.now() - since < stillMs; await wait(pollMs)) {
    // either call may fail while a server comes back
    if (await system.isDrained().catch(() => false)) return true
    const ledger = await ask<LedgerSummary>(`${system.query}/ledger`, 1).catch(() => undefined)
    if (ledger && (await hasAll(ledger, system).catch(() => false))) return true
    const now = ledger && sum(Object.values(outcomesIn(ledger)))
    if (now === undefined || now !== known) since = performance.now()
    known = now ?? known
  }
  return false
}

async function hasAll(ledger: LedgerSummary, { ends }: System): Promise<boolean> {
  if (!ledger.complete) return false
  const last = new Map(ledger.partitions.map(({ partition, last }) => [partition, last ?? -1]))
  return [...(await ends())].every(([partition, end]) => (last.get(partition) ?? -1) + 1 === end)
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/** Reads everything that the log reports about itself. */
export async function observe(
  system: System,
  { attempts }: Pick<History, 'attempts'>,
  random: Random,
): Promise<Observed> {
  const found = await readPages<FoundActivity>(system.query, '/logs?limit=1000&count=none')
  const letters = await readPages<Omit<FoundDeadLetter, 'body'>>(system.query, '/dead-letters?limit=1000&state=all')
  const before = await ask<LedgerSummary>(`${system.query}/ledger`)
  if (before && !before.complete) await system.completeLedger()
  const ledger = before?.complete ? before : await ask<LedgerSummary>(`${system.query}/ledger`)
  const receipts = attempts.flatMap(({ receipt }) => receipt ?? [])
  const outcomes = new Map<string, FoundReceipt>()
  await each(random.shuffled(receipts).slice(0, someReceipts), async (receipt) => {
    const answer = await ask<ReceiptAnswer>(`${system.query}/receipts/${receipt}`)
    if (!answer) return
    const { status, links } = answer
    const { deadLetter } = letters ? links : {}
    const isThere = deadLetter === undefined || (await ask(system.query + deadLetter)) !== undefined
    outcomes.set(receipt, { status, isThere })
  })
  const bodies = new Map<string, Buffer>()
  await each(letters ?? [], async ({ id }) => {
    const letter = await ask<{ body: { base64: string } }>(`${system.query}/dead-letters/${encodeURIComponent(id)}`)
    bodies.set(id, Buffer.from(letter?.body.base64 ?? '', 'base64'))
  })
  return {
    found: found ?? [],
    ...(letters && {
      deadLetters: letters.map((letter) => ({ ...letter, body: bodies.get(letter.id) ?? Buffer.alloc(0) })),
    }),
    receipts: outcomes,
    ...(ledger && { ledger, ends: await system.ends() }),
  }
}

/** Works on several items at a time. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** Undefined when the path does not exist. */
async function readPages<Row>(origin: string, path: string): Promise<Row[] | undefined> {
  const rows: Row[] = []
  for (let url: string | null = path; url; ) {
    const page: { data: Row[]; next: string | null } | undefined = await ask(origin + url)
    if (!page) return undefined
    rows.push(...page.data)
    url = page.next
  }
  return rows
}

const usualAttempts = 20

async function ask<Answer>(url: string, attempts = usualAttempts): Promise<Answer | undefined> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
    if (response?.ok) return (await response.json()) as Answer
    if (response?.status === 404) return undefined
    if (response && response.status < 500)
      throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
    if (attempt === attempts) throw new Error(`${url} did not answer successfully: ${response?.status ?? 'no answer'}`)
    await wait(pollMs)
  }
}
