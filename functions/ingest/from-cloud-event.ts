import { activityRecordedType } from '@activity-log/shared/activity-recorded.ts'
import { type CloudEvent, type CloudEventData, utf8 } from '@activity-log/shared/cloud-event.ts'
import { isJsonObject } from '@activity-log/shared/json.ts'

/** Which attribute becomes which member of an activity. What is left goes into its metadata. */
const attributeOf = { id: 'id', userId: 'subject', action: 'type', timestamp: 'time' } as const
const members = Object.entries(attributeOf)

/**
 * What a CloudEvent says as an activity, yet unchecked: our own event carries one as its data; any other *is* one, so that
 * a Knative Trigger may point at ingest. Nothing of it is dropped: further attributes stand beside `data` in the metadata.
 */
export function fromCloudEvent({ attributes, data }: CloudEvent): { input: unknown; isOurs: boolean } {
  if (attributes.type === activityRecordedType) {
    const value = data.kind === 'json' ? data.value : undefined
    return {
      input: isJsonObject(value) && value['id'] === undefined ? { ...value, id: attributes.id } : value,
      isOurs: true,
    }
  }
  const metadata: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'specversion' || members.some(([, attribute]) => attribute === name)) continue
    if (name === 'datacontenttype' && data.kind !== 'bytes') continue
    metadata[name] = value
  }
  const input = {
    ...Object.fromEntries(
      members.flatMap(([member, name]) => (attributes[name] === undefined ? [] : [[member, attributes[name]]])),
    ),
    metadata: { ...metadata, ...dataMember(data, attributes['datacontenttype']) },
  }
  return { input, isOurs: false }
}

/** Where in the request the member of the activity came from. */
export function cloudEventPointer(pointer: string, mode: 'binary' | 'structured', isOurs: boolean): string {
  if (isOurs) return mode === 'binary' ? pointer : `/data${pointer}`
  const [, member = '', ...rest] = pointer.split('/')
  if (member === 'metadata') {
    const inData = rest[0] === 'data'
    if (mode === 'structured') return `/${rest.join('/')}`
    return inData ? ['', ...rest.slice(1)].join('/') : `ce-${rest[0] ?? ''}`
  }
  const attribute = Object.hasOwn(attributeOf, member) ? attributeOf[member as keyof typeof attributeOf] : member
  return mode === 'binary' ? `ce-${attribute}` : `/${attribute}`
}

/** As the JSON format of CloudEvents writes it: text as text, other bytes in base64. */
function dataMember(data: CloudEventData, type = ''): { [name: string]: unknown } {
  if (data.kind === 'none') return {}
  if (data.kind === 'json') return { data: data.value }
  const text = type.startsWith('text/') ? utf8(data.bytes) : undefined
  return text === undefined || text.includes('\0')
    ? { data_base64: Buffer.from(data.bytes).toString('base64') }
    : { data: text }
}
