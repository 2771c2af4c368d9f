import { setTimeout as wait } from 'node:timers/promises'
import { activityRecorded, defaultTenant, toRecord } from '@activity-log/shared/activity-recorded.ts'
import type { FoundActivity } from '@activity-log/shared/document.ts'
import { readReceipt } from '@activity-log/shared/receipt.ts'
import { delivery } from '@activity-log/shared/testing/builders.ts'
import type { Random } from '../seeded-random.ts'
import type { History } from './history.ts'
import type { ReceiptAnswer } from './observe.ts'
import type { System } from './system.ts'

const pauseMs = 200
const timeoutMs = 30_000
const recentAttempts = 300
const receiptsAtOnce = 10

export type BackgroundLoad = {
  history: History
  random: Random
  /** The load ends when this has settled. */
  until: Promise<unknown>
}

/** Reads the newest page and some receipts again and again while faults are injected. */
export async function readAgainAndAgain(
  { query }: Pick<System, 'query'>,
  { history, until }: Omit<BackgroundLoad, 'random'>,
) {
  const final = new Set<string>()
  for (const isRunning = asLongAs(until); isRunning(); await wait(pauseMs)) {
    const sentAt = history.now()
    const response = await answered(`${query}/logs?count=none`)
    const page = response?.ok ? ((await response.json()) as { data: FoundActivity[] }) : { data: [] }
    const ids = page.data.map(({ id }) => id)
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index)
    history.read({ of: 'page', sentAt, endedAt: history.now(), status: response?.status, twice })
    // the oldest receipts are those most likely to have an outcome
    const open = recentReceipts(history).filter((receipt) => !final.has(receipt))
    const asked = open.slice(0, receiptsAtOnce).map(async (receipt) => {
      const said = await whatItNames(query, receipt)
      if (said === 'nothing') history.readNothing(receipt)
      if (said !== 'pending') final.add(receipt)
    })
    await Promise.all(asked)
  }
}

/** Repeats deliveries. A redelivery may come at any moment, whatever the outcome of the record, and changes nothing. */
export async function deliverAgainAndAgain(
  { persist }: Pick<System, 'persist'>,
  { history, random, until }: BackgroundLoad,
): Promise<void> {
  for (const isRunning = asLongAs(until); persist && isRunning(); await wait(pauseMs)) {
    const recent = history.attempts.slice(-recentAttempts).filter(({ receipt }) => receipt)
    if (recent.length === 0) continue
    const { activity, receipt = '' } = random.pick(recent)
    const named = readReceipt(receipt)
    if (typeof named === 'string') continue
    const { position, recordedAt } = named
    const record = toRecord(
      activityRecorded(activity, { tenant: defaultTenant, receivedAt: recordedAt, newId: () => 'has one' }),
    )
    const sentAt = history.now()
    const response = await answered(persist, delivery(record, position.offset, position.partition))
    history.read({ of: 'delivery', sentAt, endedAt: history.now(), status: response?.status, twice: [] })
  }
}

function asLongAs(until: Promise<unknown>): () => boolean {
  let isRunning = true
  const end = () => {
    isRunning = false
  }
  until.then(end, end)
  return () => isRunning
}

const answered = (url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }).catch(() => undefined)

const recentReceipts = ({ attempts }: History) =>
  attempts.slice(-recentAttempts).flatMap(({ receipt }) => receipt ?? [])

/** `nothing` means that the dead letter does not exist. A request without an answer counts as pending. */
async function whatItNames(query: string, receipt: string): Promise<'pending' | 'nothing' | 'something'> {
  const response = await answered(`${query}/receipts/${receipt}`)
  if (!response?.ok) return 'pending'
  const { status, links } = (await response.json()) as ReceiptAnswer
  if (status === 'pending') return 'pending'
  if (links.deadLetter === undefined) return 'something'
  return (await answered(query + links.deadLetter))?.status === 404 ? 'nothing' : 'something'
}
