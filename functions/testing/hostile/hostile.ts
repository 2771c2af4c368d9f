import { post, until } from '@activity-log/shared/testing/builders.ts'
import { expect } from 'vitest'
import { type PoisonedRecord, poisonedRecords } from './poisoned-records.ts'

/** A whole log, in any of its forms. */
export type Log = { request: (path: string, init?: RequestInit) => Promise<Response> }

/**
 * The JSON text of an activity, and the pointer that a 400 names. Without a pointer the activity comes back as it was
 * sent.
 */
export type Attempt = { name: string; text: string; rejectedAt?: string | undefined }

type Accepted = { id: string; receipt: string }
type Result = { status: string; errors?: { pointer: string; detail: string }[] } & Accepted

/**
 * Posts each attempt by itself. An accepted activity is found under its Location, character for character; a rejected
 * one gets the pointer of the mistake.
 */
export async function postEach(log: Log, attempts: readonly Attempt[]): Promise<void> {
  await inTurns(attempts, async ({ name, text, rejectedAt }) => {
    const response = await log.request('/logs', post(text))
    if (rejectedAt !== undefined) {
      expect(await rejection(response, 400), name).toSatisfy(someBelow(rejectedAt))
      return
    }
    expect([response.status, response.status === 202 ? '' : await response.clone().text()], name).toEqual([202, ''])
    await untilStored(log, (await response.json()) as Accepted)
    expect(await foundAt(log, response.headers.get('location') ?? ''), name).toBe(JSON.stringify(JSON.parse(text)))
  })
}

/** Posts all attempts as one body, and expects the same results. */
export async function postTogether(log: Log, attempts: readonly Attempt[]): Promise<void> {
  const response = await log.request('/logs', post(`[${attempts.map(({ text }) => text).join()}]`))
  expect([202, 207, 400]).toContain(response.status)
  const { results } = (await response.json()) as { results: Result[] }
  await inTurns(attempts, async ({ name, text, rejectedAt }, index) => {
    const result = results[index] as Result
    if (rejectedAt !== undefined) {
      expect(
        result.errors?.map(({ pointer }) => pointer),
        name,
      ).toSatisfy(someBelow(`/${index}${rejectedAt}`))
      return
    }
    expect([result.status, result.errors], name).toEqual(['accepted', undefined])
    await untilStored(log, result)
    expect(await foundAt(log, `/logs/${encodeURIComponent(result.id)}`), name).toBe(JSON.stringify(JSON.parse(text)))
  })
}

const someBelow = (place: string) => (pointers: string[]) => pointers.some((pointer) => pointer.startsWith(place))

/** The pointers of a 400, which must reveal nothing about the implementation. */
export async function rejection(response: Response, status: number): Promise<string[]> {
  const text = await response.text()
  expect([response.status, response.headers.get('content-type')], text).toEqual([status, 'application/problem+json'])
  expect(text).not.toMatch(/\bat .*\.ts|node_modules|SyntaxError|TypeError|BSON|Mongo|SQLITE/)
  const { errors = [] } = JSON.parse(text) as { errors?: { pointer: string }[] }
  return errors.map(({ pointer }) => pointer)
}

async function untilStored({ request }: Log, { receipt }: Accepted) {
  const response = await request(`/receipts/${receipt}?wait=30`)
  expect(await response.json()).toMatchObject({ status: 'stored' })
}

async function foundAt({ request }: Log, path: string): Promise<string> {
  const { recordedAt: _recordedAt, ...activity } = JSON.parse(await (await request(path)).text())
  return JSON.stringify(activity)
}

export async function total({ request }: Log, filter = ''): Promise<number> {
  const response = await request(`/logs?count=exact&limit=1${filter}`)
  return response.ok ? ((await response.json()) as { total: number }).total : -1
}

/** Poison with a good record after each. */
export const poisonAmongGood = (good: (n: number) => PoisonedRecord): PoisonedRecord[] =>
  poisonedRecords.flatMap((poison, n) => [poison, good(n)])

/**
 * Resolves when each record has its expected outcome: it is found, or it is a dead letter with its reason and its
 * bytes.
 */
export async function untilAllSettled(log: Log, records: readonly PoisonedRecord[]): Promise<void> {
  const stored = records.filter(({ outcome }) => outcome === 'stored').length
  const expected = records.filter(({ outcome }) => outcome !== 'stored').map(lineOf)
  await until(async () => (await total(log)) >= stored)
  await until(async () => (await deadLetters(log)).length >= expected.length)
  expect(await deadLetterLines(log)).toEqual(expected.toSorted())
  expect(await total(log)).toBe(stored)
}

const line = (reason: string, base64: string) => `${reason} ${base64.slice(0, 200)} ${base64.length}`
const lineOf = ({ outcome, value }: PoisonedRecord) => line(outcome, Buffer.from(value ?? []).toString('base64'))

type DeadLetter = { id: string; reason: string; errors: { detail: string }[]; body: { base64: string } }

async function deadLetters({ request }: Log): Promise<DeadLetter[]> {
  const response = await request('/dead-letters?limit=1000&state=all')
  return ((await response.json()) as { data: DeadLetter[] }).data
}

async function deadLetterLines(log: Log): Promise<string[]> {
  const lines: string[] = []
  await inTurns(await deadLetters(log), async ({ id, reason, errors }) => {
    expect(errors[0]?.detail).toMatch(/./)
    const { body } = (await (await log.request(`/dead-letters/${id}`)).json()) as DeadLetter
    lines.push(line(reason, body.base64))
  })
  return lines.toSorted()
}

/** Works on a few items at a time. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item, index: number) => Promise<void>) {
  for (let at = 0; at < items.length; at += 20) {
    await Promise.all(items.slice(at, at + 20).map((item, n) => work(item, at + n)))
  }
}
