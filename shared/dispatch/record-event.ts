import { isJsonType, utf8 } from '../cloud-event.ts'
import { isJsonObject, parseJson } from '../json.ts'

/** A CloudEvent as it is sent to a sink; `datacontenttype` is one of the attributes. */
export type RecordEvent = { attributes: { [name: string]: string }; data: Uint8Array | null }

/**
 * Reads a CloudEvent in structured mode as KafkaSource's SDK does, and returns undefined if the SDK throws. Its JSON
 * data loses only whitespace: members keep their order, and numbers their text.
 */
export function readStructuredRecord(value: Uint8Array): RecordEvent | undefined {
  const text = utf8(value)
  const json = text === undefined ? undefined : parseJson(text)
  if (text === undefined || !json?.ok || !isJsonObject(json.value)) return undefined
  const { data, data_base64: base64, ...members } = json.value
  const attributes: RecordEvent['attributes'] = { datacontenttype: 'application/json' }
  for (const [name, content] of Object.entries(members)) {
    if (content === null) continue
    if (typeof content === 'object') return undefined
    attributes[name] = String(content)
  }
  if (typeof base64 === 'string') return { attributes, data: Buffer.from(base64, 'base64') }
  if (data === undefined) return { attributes, data: null }
  if (isJsonType(attributes['datacontenttype'] ?? ''))
    return { attributes, data: Buffer.from(memberText(text, 'data')) }
  return typeof data === 'string' ? { attributes, data: Buffer.from(data) } : undefined
}

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** Returns the text of a member of the object in valid JSON text, without the whitespace between its tokens. */
function memberText(json: string, wanted: string): string {
  let depth = 0
  let name = ''
  let before = ''
  let text = ''
  for (const [part] of json.matchAll(token)) {
    if (part === '}' || part === ']') depth--
    if (depth === 1 && part === ':' && before.startsWith('"')) {
      name = JSON.parse(before)
      // if a name is repeated, the last member counts
      if (name === wanted) text = ''
    } else if (depth === 0 || (depth === 1 && part === ',')) name = ''
    else if (name === wanted) text += part.startsWith('"') ? JSON.stringify(JSON.parse(part)) : part
    if (part === '{' || part === '[') depth++
    before = part
  }
  return text
}

const isoTime = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)$/i

/** Rewrites a time as Java's OffsetDateTime does, without trailing zeros; undefined if that cannot read it. */
export function javaTime(text: string): string | undefined {
  if (isUsual(text)) return text.replace(/\.?0*Z$/, 'Z')
  const [, date = '', minutes = '', seconds = '00', fraction = '', offset = ''] = isoTime.exec(text) ?? []
  const instant = new Date(`${date}T${minutes}:${seconds}Z`)
  // JavaScript turns a day that its month does not have into another day
  if (Number.isNaN(instant.getTime()) || !instant.toISOString().startsWith(date) || !isOffset(offset)) return undefined
  const digits = fraction.replace(/0+$/, '')
  const zone = /^[+-]00:00$/.test(offset) ? 'Z' : offset.toUpperCase()
  return `${date}T${minutes}:${seconds}${digits && `.${digits}`}${zone}`
}

/** Whether it is a time as `toISOString` writes it; those of our records are. */
function isUsual(text: string): boolean {
  if (text.length !== 24 || !text.endsWith('Z')) return false
  const instant = new Date(text)
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === text
}

function isOffset(text: string): boolean {
  if (text.toUpperCase() === 'Z') return true
  const [hours = 99, minutes = 99] = text.slice(1).split(':').map(Number)
  return minutes <= 59 && hours * 60 + minutes <= 18 * 60
}
