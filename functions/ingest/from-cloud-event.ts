import { activityRecordedType } from '@activity-log/shared/activity-recorded.ts'
import { type CloudEvent, type CloudEventData, utf8WithMark } from '@activity-log/shared/cloud-event.ts'
import { isJsonObject } from '@activity-log/shared/json.ts'

/** The attribute that each member of an activity comes from. All other attributes go into the metadata. */
const attributeOf = { id: 'id', userId: 'subject', action: 'type', timestamp: 'time' } as const
const members = Object.entries(attributeOf)

/** `userFrom` is the attribute that the user comes from. */
export type FromEvent = { input: unknown; isOurs: boolean; userFrom: string }

/**
 * Turns a CloudEvent into an activity, which is not checked yet. Our own event carries the activity as its data. Any
 * other event *is* one, so that a Knative Trigger may point at ingest. Nothing of it is lost: `data` and all other
 * attributes go into the metadata. An event without a subject has the user that `userAttribute` names, or else its
 * source.
 */
export function fromCloudEvent({ attributes, data, typed = {} }: CloudEvent, userAttribute = 'source'): FromEvent {
  const userFrom = attributes['subject'] === undefined ? userAttribute : 'subject'
  if (attributes.type === activityRecordedType) {
    const value = data.kind === 'json' ? data.value : undefined
    const hasNoId = isJsonObject(value) && (value['id'] ?? undefined) === undefined
    return { input: hasNoId ? { ...value, id: attributes.id } : value, isOurs: true, userFrom }
  }
  const metadata: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'specversion' || members.some(([, attribute]) => attribute === name)) continue
    metadata[name] = Object.hasOwn(typed, name) ? typed[name] : value
  }
  const input = {
    ...Object.fromEntries(
      members.flatMap(([member, name]) => (attributes[name] === undefined ? [] : [[member, attributes[name]]])),
    ),
    ...(Object.hasOwn(attributes, userFrom) && { userId: attributes[userFrom] }),
    metadata: { ...metadata, ...dataMember(data, attributes['datacontenttype']) },
  }
  return { input, isOurs: false, userFrom }
}

export type EventPlace = Pick<FromEvent, 'isOurs' | 'userFrom'> & { mode: 'binary' | 'structured' }

/** Translates a pointer into the activity to the place in the request that the member came from. */
export function cloudEventPointer(pointer: string, { mode, isOurs, userFrom }: EventPlace): string {
  if (isOurs) return mode === 'binary' ? pointer : `/data${pointer}`
  const [, member = '', ...rest] = pointer.split('/')
  if (member === 'metadata') {
    const inData = rest[0] === 'data'
    if (mode === 'structured') return `/${rest.join('/')}`
    return inData ? ['', ...rest.slice(1)].join('/') : `ce-${rest[0] ?? ''}`
  }
  const own = Object.hasOwn(attributeOf, member) ? attributeOf[member as keyof typeof attributeOf] : member
  const attribute = member === 'userId' ? userFrom : own
  return mode === 'binary' ? `ce-${attribute}` : `/${attribute}`
}

/** Media types whose data is text in every mode, as it is in the JSON format. */
const textTypes =
  /^text\/|^[^;]*[/+](?:xml|yaml)\s*(?:;|$)|^application\/(?:x-yaml|x-www-form-urlencoded|javascript)\b/i

/** Follows the JSON format of CloudEvents: text stays text, other bytes become base64. */
function dataMember(data: CloudEventData, type = ''): { [name: string]: unknown } {
  if (data.kind === 'none') return {}
  if (data.kind === 'json') return { data: data.value }
  const text = textTypes.test(type) ? utf8WithMark(data.bytes) : undefined
  return text === undefined || text.includes('\0')
    ? { data_base64: Buffer.from(data.bytes).toString('base64') }
    : { data: text }
}
