import { randomBytes } from 'node:crypto'
import { javaTime, type RecordEvent, readStructuredRecord } from './record-event.ts'

/** A record of a topic. Header values are UTF-8 text; if a name is repeated, its last value counts. */
export type SourceRecord = {
  partition: number
  offset: number
  headers: { readonly [name: string]: string }
  value: Uint8Array | null
  key?: string | null
  timestampMs?: number
}

/** The values that all requests of one source share: its namespace, its name and its topic. */
export type Source = { namespace: string; name: string; topic: string }

export type SinkRequest = { headers: { [name: string]: string }; body: Uint8Array }

/**
 * Makes the request that KafkaSource sends for any record: a CloudEvent in binary mode. It reads an event in structured
 * mode, then one in binary mode; any other record, or an invalid event, becomes an event about the raw record. This
 * follows requests recorded from the real KafkaSource. For URIs and structured events that were not recorded, it
 * guesses from the rules of Java which ones the SDK rejects.
 */
export function sinkRequest(record: SourceRecord, source: Source): SinkRequest {
  const event = isStructured(record) ? structuredEvent(record) : binaryEvent(record)
  const { attributes, data } = event ?? rawEvent(record, source)
  const headers: SinkRequest['headers'] = { prefer: 'reply', 'kn-namespace': source.namespace }
  for (const name in attributes) headers[headerOf.get(name) ?? `ce-${name}`] = latin1(attributes[name] as string)
  // these overwrite the attributes of an earlier delivery
  headers['ce-knativekafkapartition'] = String(record.partition)
  headers['ce-knativekafkaoffset'] = String(record.offset)
  const trace = nextSpan(record.headers['traceparent'])
  if (trace) headers['traceparent'] = trace
  return { headers, body: data ?? nothing }
}

const nothing = new Uint8Array()

/**
 * The attributes of our records by their headers in Kafka, and their headers in HTTP: making such a name for each takes
 * longer than looking it up.
 */
const ownNames = [
  ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'partitionkey', 'tenant', 'recordedtime', 'sequence'],
  ...['salt', 'filledin', 'traceparent', 'sentas'],
]
const attributeOf: ReadonlyMap<string, string> = new Map(ownNames.map((name) => [`ce_${name}`, name]))
const headerOf: ReadonlyMap<string, string> = new Map([
  ...ownNames.map((name) => [name, `ce-${name}`] as const),
  ['datacontenttype', 'content-type'],
])

const isStructured = ({ headers }: SourceRecord) =>
  headers['content-type']?.split(';')[0] === 'application/cloudevents+json'

function structuredEvent({ value }: SourceRecord): RecordEvent | undefined {
  const event = value && readStructuredRecord(value)
  return event ? checkedEvent(event) : undefined
}

/** The key, and headers that are not attributes, are dropped. */
function binaryEvent({ headers, value }: SourceRecord): RecordEvent | undefined {
  if (headers['ce_specversion'] === undefined) return undefined
  const attributes: RecordEvent['attributes'] = {}
  for (const name in headers) {
    const content = headers[name] as string
    if (name.startsWith('ce_') && name.length > 3) attributes[attributeOf.get(name) ?? name.slice(3)] = content
    if (name === 'content-type') attributes['datacontenttype'] = content
  }
  return checkedEvent({ attributes, data: value })
}

function rawEvent(record: SourceRecord, { namespace, name, topic }: Source): RecordEvent {
  const { partition, offset, key, timestampMs, value } = record
  const attributes: RecordEvent['attributes'] = {
    specversion: '1.0',
    id: `partition:${partition}/offset:${offset}`,
    source: `/apis/v1/namespaces/${namespace}/kafkasources/${name}#${topic}`,
    type: 'dev.knative.kafka.event',
    subject: `partition:${partition}#${offset}`,
  }
  const time = timestampMs === undefined ? undefined : timeOf(timestampMs)
  if (time !== undefined) attributes['time'] = time
  if (typeof key === 'string') Object.assign(attributes, { partitionkey: key, key })
  for (const [header, content] of Object.entries(record.headers)) {
    if (header.toLowerCase() !== 'content-type') {
      attributes[`kafkaheader${header.toLowerCase().replace(/[^a-z0-9]/g, '')}`] = content
    } else if (value) attributes['datacontenttype'] = content.toLowerCase()
  }
  return { attributes, data: value }
}

/** Returns undefined for a timestamp that is not a date: producers set it, and may send nanoseconds by mistake. */
function timeOf(timestampMs: number): string | undefined {
  const date = new Date(timestampMs)
  return Number.isNaN(date.getTime()) ? undefined : javaTime(date.toISOString())
}

/** Returns undefined if the CloudEvents SDK of KafkaSource would throw. It accepts an empty id. */
function checkedEvent({ attributes, data }: RecordEvent): RecordEvent | undefined {
  const { specversion, id, source, type, time, dataschema, schemaurl } = attributes
  if (specversion !== '1.0' && specversion !== '0.3') return undefined
  if (id === undefined || type === undefined || source === undefined) return undefined
  if (![source, dataschema, schemaurl].every((uri) => uri === undefined || isUri(uri))) return undefined
  for (const name in attributes) if (!headerOf.has(name) && !isExtensionName(name)) return undefined
  if (time === undefined) return { attributes, data }
  const reformatted = javaTime(time)
  return reformatted === undefined ? undefined : { attributes: { ...attributes, time: reformatted }, data }
}

export const isExtensionName = (name: string) => /^[a-z0-9]+$/.test(name)

/** Accepts what java.net.URI accepts: no blanks, none of "<>\^`{|}, and "%" only before two hexadecimal digits. */
const isUri = (text: string) => /^(?:[\w\-.!~*'();/?:@&=+$,[\]#]|%[\da-fA-F]{2}|[^\0-\xa0])*$/.test(text)

/** Headers travel as Latin-1: each UTF-16 unit outside it becomes "?", and surrounding blanks are trimmed. */
function latin1(value: string): string {
  if (isPlain.test(value)) return value
  const text = value.replace(/[^\0-\xff]/g, '?')
  // these are loops because /[ \t]+$/ takes quadratic time, which is minutes for a long run of blanks
  let from = 0
  let to = text.length
  while (isBlank(text[from])) from++
  while (to > from && isBlank(text[to - 1])) to--
  return text.slice(from, to)
}

const isPlain = /^[!-~]*$/

const isBlank = (character: string | undefined) => character === ' ' || character === '\t'

/** Continues a trace with a new span, even if tracing is off. */
function nextSpan(traceparent: string | undefined): string | undefined {
  const [, trace, flags] = /^00-([\da-f]{32})-[\da-f]{16}-([\da-f]{2})$/.exec(traceparent ?? '') ?? []
  return trace && `00-${trace}-${randomBytes(8).toString('hex')}-${flags}`
}
