import { aRecord } from '@activity-log/shared/testing/builders.ts'
import type { AppendedRecord } from './topic.ts'

const { headers } = aRecord({ id: 'injected' })
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

/** Records that other programs may put onto the topic. None is an activity, and each becomes a dead letter. */
export const poison: readonly Pick<AppendedRecord, 'headers' | 'value'>[] = [
  { headers: {}, value: Buffer.from('hello') },
  { headers, value: Buffer.from('{"id":') },
  { headers, value: json({ id: 'injected', userId: 'user_1' }) },
  { headers, value: json({ id: '', userId: 'user_1', action: 'click', timestamp: '2024-01-15T10:00:00Z' }) },
  { headers: { ...headers, ce_type: 'com.example.other' }, value: json({}) },
]
