import { isJsonType } from './cloud-event.ts'
import type { JsonObject, JsonValue } from './json.ts'

/**
 * The metadata that a CloudEvent became, with all attributes in their canonical text form (CloudEvents, 3.1), so that
 * the same event compares as equal in every mode. Binary mode has only text, and its HTTP clients add a content type.
 */
export function canonicalAttributes(metadata: JsonObject): JsonObject {
  const members = Object.entries(metadata).flatMap(([name, value]): [string, JsonValue][] => {
    if (ofTransport.has(name)) return []
    if (name === 'data') return isEmptyText(metadata) ? [] : [[name, value]]
    if (name !== 'datacontenttype') return [[name, isScalar(value) ? String(value) : value]]
    const type = String(value).replace(/;\s*charset="?utf-?8"?\s*$/i, '')
    return /^application\/json\s*$/i.test(type) ? [] : [[name, type]]
  })
  return Object.fromEntries(members)
}

/** Knative adds them: they say when and where the event came through, and differ if its source sends it again. */
const ofTransport: ReadonlySet<string> = new Set(['knativearrivaltime', 'knativekafkaoffset', 'knativekafkapartition'])

/** In binary mode, an empty text is a body without a byte, as is an event without data. */
const isEmptyText = ({ data, datacontenttype: type = 'application/json' }: JsonObject) =>
  data === '' && !isJsonType(String(type))

const isScalar = (value: JsonValue) => typeof value === 'number' || typeof value === 'boolean'
