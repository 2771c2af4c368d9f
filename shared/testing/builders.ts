import type { SentActivity } from '../activity.ts'
import {
  type ActivityRecorded,
  activityRecorded,
  defaultTenant,
  type EventRecord,
  toRecord,
} from '../activity-recorded.ts'
import type { InputError } from '../checked.ts'
import type { FoundActivity } from '../document.ts'
import type { Log } from '../log.ts'
import type { RecordedActivity } from '../store/activities.ts'
import type { DeadLetter, KeptDeadLetter } from '../store/dead-letters.ts'
import type { ActivityStore } from '../store/store.ts'
import { systemTenant } from '../tenant.ts'

/** An activity with default values; a test overrides those that it is about. */
export function anActivity(changes: Partial<Record<keyof SentActivity, unknown>> = {}): SentActivity {
  const plain = { id: 'id-1', userId: 'user_123', action: 'click_button', timestamp: '2024-01-15T10:00:00Z' }
  return { ...plain, ...changes } as SentActivity
}

export const receivedAt = new Date('2026-01-01T00:00:00.000Z')

export function anEvent(changes: Partial<SentActivity> = {}, tenant = defaultTenant): ActivityRecorded {
  return activityRecorded(anActivity(changes), { tenant, receivedAt, newId: () => 'made-id' })
}

export const aRecord = (changes: Partial<SentActivity> = {}, tenant = defaultTenant): EventRecord =>
  toRecord(anEvent(changes, tenant))

/** An event at a position of its own. */
export function recorded(
  changes: Partial<SentActivity> = {},
  offset = nextOffset++,
  tenant = defaultTenant,
): RecordedActivity {
  return { ...anEvent(changes, tenant), position: { partition: 0, offset } }
}
let nextOffset = 1000

/** The dead letter that persist keeps when it cannot save a record. */
export const aDeadLetter = (changes: Partial<DeadLetter> = {}): DeadLetter => ({
  topic: 'activities',
  position: { partition: 0, offset: 1 },
  reason: 'rejected',
  errors: [],
  headers: {},
  body: Buffer.from('x'),
  at: receivedAt,
  tenant: defaultTenant,
  ...changes,
})

/** All dead letters, the oldest first. */
export async function deadLettersOf(store: Pick<ActivityStore, 'findDeadLetters'>): Promise<KeptDeadLetter[]> {
  const lists = await Promise.all(
    [defaultTenant, systemTenant].map((tenant) =>
      store.findDeadLetters({ filter: { tenant }, order: 'asc', limit: 1000 }),
    ),
  )
  return lists
    .flat()
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ deadLetter }) => deadLetter)
}

export const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
})

/** The request that KafkaSource makes from a record. */
export function delivery({ headers, value }: EventRecord, offset = 1, partition = 0): RequestInit {
  const sent = Object.entries(headers).map(([name, content]) => [name.replace(/^ce_/, 'ce-'), content])
  return {
    method: 'POST',
    headers: {
      ...Object.fromEntries(sent),
      'ce-knativekafkapartition': String(partition),
      'ce-knativekafkaoffset': String(offset),
    },
    body: value,
  }
}

/** All members that the answers of the log may have; a test knows which answer it reads. */
export type Answer = {
  id: string
  timestamp: string
  receipt: string
  detail: string
  errors: InputError[]
  results: { index: number; status: string; id: string; receipt: string; errors: InputError[] }[]
  data: FoundActivity[]
  page: number
  limit: number
  total: number
  totalIsExact: boolean
  searchedThrough?: string
  next: string | null
  previous: string | null
  asOf: string | null
}
export const answerOf = async (response: Response): Promise<Answer> => (await response.json()) as Answer

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** Resolves when the condition holds; the test's own time limit is the deadline. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}
