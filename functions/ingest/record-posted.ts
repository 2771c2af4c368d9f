import {
  type ActivityRecorded,
  activityRecorded,
  type EventRecord,
  toRecord,
} from '@activity-log/shared/activity-recorded.ts'
import { type Checked, valid } from '@activity-log/shared/checked.ts'
import { pausesBetween, type Steps } from '@activity-log/shared/steps.ts'
import { type Arrival, newSalt } from './arrivals.ts'
import type { PostedActivity } from './posted-items.ts'
import type { PostedReader, ReadPosted } from './read-posted.ts'

/** An activity as it is published. `isOwn` tells whether the id came with it. */
export type Entry = { id: string; timestamp: string; recordedAt: Date; event: EventRecord; isOwn: boolean }
export type One = { many: false; isEvent: boolean; entry: Entry }
export type Entries = One | { many: true; isEvent: boolean; entries: readonly Checked<Entry>[] }

/** What the records of a request have in common. */
export type Reception = { startedAt: Date; tenant: string; traceparent: string | undefined }

/** How activities that were read become records. */
export type Recording = {
  now: () => Date
  newId: () => string
  arrive: (receivedAt: Date) => Arrival
}

/** Reads the activities of a body, and makes their records. */
export function* recordPosted(
  read: PostedReader['read'],
  bytes: Uint8Array,
  reception: Reception,
  recording: Recording,
): Steps<Entries> {
  yield
  const reading = read(bytes)
  const posted = 'many' in reading ? reading : yield* reading
  return posted.many ? yield* recordMany(posted, reception, recording) : recordOne(posted, reception, recording)
}

type Single = Extract<ReadPosted, { many: false }>
type Many = Extract<ReadPosted, { many: true }>

function recordOne({ activity, isEvent }: Single, reception: Reception, recording: Recording): Entries {
  const arrival = recording.arrive(receivedAt(reception, recording))
  return { isEvent, many: false, entry: toEntry(activity, arrival, reception, recording) }
}

function* recordMany({ activities, isEvent }: Many, reception: Reception, recording: Recording): Steps<Entries> {
  const at = receivedAt(reception, recording)
  // all of a request arrive before a pause, so that other requests cannot come in between
  const arrived = activities.map((sent) => (sent.ok ? { sent: sent.value, arrival: recording.arrive(at) } : sent))
  const isPauseDue = pausesBetween()
  const entries: Checked<Entry>[] = []
  for (const each of arrived) {
    const entry = 'sent' in each ? valid(toEntry(each.sent, each.arrival, reception, recording)) : each
    entries.push(entry)
    if (isPauseDue(entry.ok ? entry.value.event.value.length : 0)) yield
  }
  return { isEvent, many: true, entries }
}

/** Taken once the body was read, since completeness depends on how soon after its receipt a record is acknowledged. */
function receivedAt({ startedAt }: Reception, { now }: Recording): Date {
  const readAt = now()
  // if the clock was set back meanwhile, its time could put a timestamp that passed the check too far ahead
  return readAt > startedAt ? readAt : startedAt
}

function toEntry(sent: PostedActivity, arrival: Arrival, reception: Reception, { newId }: Recording): Entry {
  const { receivedAt, sequence } = arrival
  const { tenant, traceparent } = reception
  const { isCloudEvent } = sent
  const salt = newSalt()
  const made = { tenant, receivedAt, sequence, salt, newId, traceparent, isCloudEvent }
  return entryOf(activityRecorded(sent, made), sent.id !== undefined)
}

function entryOf(recorded: ActivityRecorded, isOwn: boolean): Entry {
  const { activity, recordedAt } = recorded
  return { id: activity.id, timestamp: activity.timestamp, recordedAt, event: toRecord(recorded), isOwn }
}
