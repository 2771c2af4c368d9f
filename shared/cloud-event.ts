import { isAscii } from 'node:buffer'
import { type Checked, firstErrors, type InputError, invalid, maxErrors, pointerTo, valid } from './checked.ts'
import { isJsonObject, type JsonValue, parseJson } from './json.ts'

/**
 * A CloudEvent 1.0: its context attributes in their canonical text form (CloudEvents, 3.1), and its data as JSON or
 * else as bytes. `typed` has the attributes that were sent as numbers and booleans, which only structured mode tells
 * apart.
 */
export type CloudEvent = { attributes: Attributes; data: CloudEventData; typed?: TypedAttributes }
export type TypedAttributes = { readonly [name: string]: number | boolean }
export type Attributes = { specversion: '1.0'; id: string; source: string; type: string; datacontenttype?: string } & {
  [name: string]: string
}
export type CloudEventData = { kind: 'none' } | { kind: 'json'; value: unknown } | { kind: 'bytes'; bytes: Uint8Array }

/** Base64 may hold JSON, which is read as well. The limit is far above the size of an activity. */
const maxBase64 = 256 * 1024

/** The attributes that CloudEvents itself defines. Extensions may also be numbers and booleans. */
const textAttributes: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
])
const required = ['specversion', 'id', 'source', 'type'] as const

/** Percent-encodes everything but printable ASCII, and also space, double quote and percent sign, for a header. */
export function encodeHeader(text: string): string {
  // most texts are plain, and a look at them takes less time than `replace` does to return them
  if (!toEncode.test(text)) return text
  return text.replace(/[^!#-$&-~]+/g, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

const toEncode = /[^!#-$&-~]/

/** Undoes `encodeHeader`; keeps anything that is not percent-encoded UTF-8 (CloudEvents HTTP binding, 3.1.3.2). */
export function decodeHeader(value: string): string {
  if (!value.includes('%') && !value.startsWith('"')) return value
  const bare = /^"(.*)"$/.exec(value)?.[1]?.replace(/\\(.)/g, '$1') ?? value
  return bare.replace(/(?:%[0-9A-Fa-f]{2})+/g, (part) => {
    try {
      return decodeURIComponent(part)
    } catch {
      return part
    }
  })
}

/** Binary mode: attributes in `ce-` headers, data in the body (CloudEvents HTTP binding, 3.1). */
export function readBinary(headers: Headers, body: Uint8Array): Checked<CloudEvent> {
  const attributes = readBinaryAttributes(headers)
  if (!attributes.ok) return attributes
  const data = readData(attributes.value, body)
  return data.ok ? valid({ attributes: attributes.value, data: data.value }) : data
}

export type Headers = { readonly [lowerCaseName: string]: string }

/** The attributes of our records by their headers: cutting off each prefix takes twice as long as looking it up. */
const attributeOf: ReadonlyMap<string, string> = new Map(
  [
    ...[...textAttributes, 'partitionkey', 'tenant', 'recordedtime', 'sequence', 'salt', 'filledin', 'traceparent'],
    ...['sentas', 'knativekafkapartition', 'knativekafkaoffset'],
  ].map((name) => [`ce-${name}`, name]),
)

export function readBinaryAttributes(headers: Headers): Checked<Attributes> {
  const attributes: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name] as string
    if (name === 'content-type') attributes['datacontenttype'] = value
    else if (name.startsWith('ce-')) attributes[attributeOf.get(name) ?? name.slice(3)] = decodeHeader(value)
  }
  const errors = attributeErrors(attributes, 'ce-')
  return errors.length > 0 ? invalid(...errors) : valid(attributes as Attributes)
}

/** Reads the data in a body by its `datacontenttype`; without one it is JSON. */
export function readData({ datacontenttype: type }: Attributes, body: Uint8Array): Checked<CloudEventData> {
  if (body.byteLength === 0) return valid({ kind: 'none' })
  if (type !== undefined && !isJsonType(type)) return valid({ kind: 'bytes', bytes: body })
  const text = utf8(body)
  if (text === undefined) return invalid({ pointer: '', detail: 'is not valid UTF-8' })
  const json = parseJson(text)
  if (!json.ok) return invalid({ pointer: '', detail: json.detail })
  if (json.lossy.length > 0) return invalid(...firstErrors(json.lossy))
  return valid({ kind: 'json', value: json.value })
}

/** Structured mode, or one event of a batch: one JSON object (CloudEvents JSON format, 3). */
export function readStructured(input: unknown): Checked<CloudEvent> {
  if (!isJsonObject(input)) return invalid({ pointer: '', detail: 'must be a CloudEvent: a JSON object' })
  const attributes: Record<string, string> = {}
  const typed: Record<string, number | boolean> = {}
  const errors: InputError[] = []
  for (const name in input) {
    const value = input[name] as JsonValue
    if (errors.length > maxErrors) break
    if (name === 'data' || name === 'data_base64' || value === null) continue
    if (!/^[a-z0-9]+$/.test(name)) {
      errors.push({
        pointer: pointerTo('', name),
        detail: 'is not a valid CloudEvent attribute name; use only a–z and 0–9',
      })
    } else {
      const isOwn = textAttributes.has(name)
      if (isOwn ? typeof value !== 'string' : typeof value === 'object') {
        errors.push({ pointer: `/${name}`, detail: isOwn ? 'must be text' : 'must be text, a number or a boolean' })
      }
      if (typeof value === 'number' || typeof value === 'boolean') typed[name] = value
      // an object may be too deep to convert to text
      attributes[name] = typeof value === 'object' ? '{}' : String(value)
    }
  }
  const bytes = input['data_base64'] ?? undefined
  if (bytes !== undefined && (typeof bytes !== 'string' || !isBase64(bytes))) {
    errors.push({ pointer: '/data_base64', detail: 'must be base64 text' })
  }
  if (bytes !== undefined && input['data'] !== undefined) {
    errors.push({ pointer: '/data_base64', detail: 'cannot be combined with data; send only one of them' })
  }
  if (typeof bytes === 'string' && bytes.length > maxBase64) {
    errors.push({ pointer: '/data_base64', detail: `must be at most ${maxBase64} characters` })
  }
  errors.push(...attributeErrors(attributes, '/'))
  if (errors.length > 0) return invalid(...firstErrors(errors))
  const known = attributes as Attributes
  const numbers = Object.keys(typed).length > 0 ? { typed } : {}
  if (typeof bytes === 'string') {
    const data = readData(known, Buffer.from(bytes, 'base64'))
    if (data.ok) return valid({ attributes: known, data: data.value, ...numbers })
    return invalid({ pointer: '/data_base64', detail: `contains JSON that ${data.errors[0]?.detail}` })
  }
  const value = input['data']
  return valid({
    attributes: known,
    data: value === undefined ? { kind: 'none' } : { kind: 'json', value },
    ...numbers,
  })
}

function attributeErrors(attributes: Record<string, string>, prefix: string): InputError[] {
  const errors: InputError[] = []
  for (const name of required) {
    if (!attributes[name]) errors.push({ pointer: prefix + name, detail: 'is required in a CloudEvent' })
  }
  if (attributes['specversion'] && attributes['specversion'] !== '1.0') {
    errors.push({ pointer: `${prefix}specversion`, detail: 'must be 1.0' })
  }
  for (const name in attributes) {
    if (attributes[name]?.includes('\0')) {
      errors.push({ pointer: prefix + name, detail: 'contains the character U+0000, which cannot be stored' })
    }
  }
  return errors
}

export const isJsonType = (type: string) => /^[^;]*[/+]json\s*(;|$)/i.test(type)
const isBase64 = (text: string) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0

/** Returns the text without a byte order mark, or undefined if the bytes are not valid UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  // most bodies are ASCII, which takes a third of the time of decoding
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return decoded(strictUtf8, bytes)
}

/** Like `utf8`, but keeps a byte order mark. */
export const utf8WithMark = (bytes: Uint8Array): string | undefined => decoded(strictUtf8WithMark, bytes)

function decoded(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
const strictUtf8 = new TextDecoder('utf-8', { fatal: true })
const strictUtf8WithMark = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
