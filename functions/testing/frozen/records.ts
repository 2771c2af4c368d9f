import type { SourceRecord } from '@activity-log/shared/dispatch/sink-request.ts'

/** A record of a topic, byte for byte. */
export type RecordLine = {
  partition: number
  offset: number
  timestamp: string
  headers: readonly (readonly [name: string, base64: string])[]
  base64: string
}

export function toSourceRecord({ partition, offset, timestamp, headers, base64 }: RecordLine): SourceRecord {
  const texts = headers.map(([name, content]) => [name, Buffer.from(content, 'base64').toString()])
  return {
    partition,
    offset,
    timestampMs: Number(timestamp),
    headers: Object.fromEntries(texts),
    value: Buffer.from(base64, 'base64'),
  }
}
