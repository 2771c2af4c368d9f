import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import { activityRecorded, defaultTenant, toRecord } from '@activity-log/shared/activity-recorded.ts'
import { type Position, toReceipt } from '@activity-log/shared/receipt.ts'
import { aRecord } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { kafkaForTests, readTopic } from '@activity-log/shared/testing/servers.ts'
import { type Message, Partitioners } from 'kafkajs'
import { madeUpFile } from '../bench/made-up-file.ts'
import type { Random } from '../seeded-random.ts'
import type { History } from './history.ts'

const { headers } = aRecord()
const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`

/** Records that are not valid activities. */
const poison: { [name: string]: Message } = {
  'no JSON': { headers, value: '{"id": "poison-1", "userId": ' },
  'no object': { headers, value: '["poison-2"]' },
  'no user': { headers, value: JSON.stringify({ id: 'poison-3', action: 'a', timestamp: '2024-01-15T10:00:00Z' }) },
  'another member': {
    headers,
    value: JSON.stringify({ id: 'poison-4', userId: 'u', action: 'a', timestamp: '2024-01-15T10:00:00Z', more: 1 }),
  },
  'not UTF-8': { headers, value: Buffer.from([0x22, 0xff, 0xfe, 0x22]) },
  'too deep': {
    headers,
    value: `{"id":"poison-5","userId":"u","action":"a","timestamp":"2024-01-15T10:00:00Z","metadata":${deep}}`,
  },
  'no time': { headers, value: JSON.stringify({ id: 'poison-6', userId: 'u', action: 'a', timestamp: 'yesterday' }) },
  'another type': { headers: { ...headers, ce_type: 'com.example.other' }, value: '{"poison": 7}' },
  'no CloudEvent': { value: 'poison 8' },
  'no value': { headers, value: null },
}

export async function putPoison(topic: string, history: History): Promise<void> {
  await produce(topic, Object.values(poison))
  for (const [name, { value }] of Object.entries(poison)) history.put({ name, body: Buffer.from(value ?? '') })
}

/** Puts every record of the topic onto it again, in another order and on other partitions. */
export async function putEverythingAgain(topic: string, random: Random): Promise<void> {
  const records = await readTopic(topic)
  await produce(topic, random.shuffled(records.map(({ headers, value }) => ({ headers, value }))))
}

/** Puts every activity of a file onto the topic four times; without a file, made-up activities. */
export async function putFile(
  topic: string,
  file: string | undefined,
  history: History,
  random: Random,
): Promise<void> {
  const path = file ?? madeUpFile(aFolder())
  const bytes = readFileSync(path)
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n').filter(Boolean)
  const activities = lines.map((line) => JSON.parse(line) as SentActivity & { id: string })
  const received = { tenant: defaultTenant, receivedAt: new Date(), newId: () => 'has one' }
  const four = random.shuffled([activities, activities, activities, activities].flat())
  const sentAt = history.now()
  const positions = await produce(
    topic,
    four.map((activity) => toRecord(activityRecorded(activity, received))),
  )
  four.forEach((activity, index) => {
    const { id } = activity
    const receipt = toReceipt({ position: positions[index] as Position, recordedAt: received.receivedAt })
    history.ended({ id, activity, to: 'topic', sentAt, endedAt: history.now(), outcome: 'ok', receipt })
  })
}

const inOneRequest = 500

/** Sends each request to one partition, as ingest does. */
export async function produce(topic: string, messages: readonly Message[], partitions = 12): Promise<Position[]> {
  const positions: Position[] = []
  const producer = kafkaForTests().producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    for (let at = 0, turn = 0; at < messages.length; at += inOneRequest, turn++) {
      const some = messages.slice(at, at + inOneRequest)
      const partition = turn % partitions
      const [sent] = await producer.send({ topic, messages: some.map((message) => ({ ...message, partition })) })
      const first = Number(sent?.baseOffset)
      positions.push(...some.map((_message, index) => ({ partition, offset: first + index })))
    }
    return positions
  } finally {
    await producer.disconnect()
  }
}
