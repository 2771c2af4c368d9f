import type { KafkaMessage } from 'kafkajs'
import type { SourceRecord } from './sink-request.ts'

/** The last value counts where a header comes twice. */
export function toSourceRecord(
  partition: number,
  { offset, key, value, headers = {}, timestamp }: KafkaMessage,
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
