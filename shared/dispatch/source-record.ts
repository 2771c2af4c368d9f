import type { SourceRecord } from './sink-request.ts'

type Content = Buffer | string

/** A message as kafkajs returns it. */
type Message = {
  offset: string
  key: Buffer | null
  value: Buffer | null
  headers?: { [name: string]: Content | Content[] | undefined }
  timestamp: string
}

/** If a header is repeated, its last value counts. */
export function toSourceRecord(
  partition: number,
  { offset, key, value, headers = {}, timestamp }: Message,
): SourceRecord {
  const text: { [name: string]: string } = {}
  for (const [name, content] of Object.entries(headers)) {
    const last = Array.isArray(content) ? content.at(-1) : content
    if (last !== undefined && last !== null) text[name] = last.toString()
  }
  return {
    partition,
    offset: Number(offset),
    headers: text,
    value,
    key: key === null ? null : key.toString(),
    timestampMs: Number(timestamp),
  }
}
