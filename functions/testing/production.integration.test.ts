import { setTimeout as wait } from 'node:timers/promises'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import { toStoredName } from '@activity-log/shared/store/stored-names.ts'
import { anActivity, answerOf, aRecord, post, until } from '@activity-log/shared/testing/builders.ts'
import { controlKafka, controlMongodb, kafkaBrokers, kafkaForTests } from '@activity-log/shared/testing/servers.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Part, type Production, startProduction } from './production.ts'

/** Retries until every activity is accepted, whatever the outcome of an attempt; their own ids make that safe. */
async function postUntilAccepted({ ingest }: Production, activities: readonly SentActivity[]) {
  for (let rest = activities; rest.length > 0; ) {
    const response = await fetch(`${ingest}/logs`, post(rest)).catch(() => undefined)
    const answer = response && (await answerOf(response))
    const accepted = new Set(answer?.results?.flatMap(({ status, id }) => (status === 'accepted' ? [id] : [])))
    rest = rest.filter(({ id }) => id === undefined || !accepted.has(id))
    if (rest.length > 0) await wait(100)
  }
}

const total = async ({ query }: Production, filter = '') => {
  const response = await fetch(`${query}/logs?count=exact&limit=1${filter}`).catch(() => undefined)
  return response?.ok ? (await answerOf(response)).total : -1
}

async function findAll({ query }: Production, filter = '') {
  const found = []
  for (let url: string | null = `/logs?limit=1000${filter}`; url; ) {
    const page = await answerOf(await fetch(query + url))
    found.push(...page.data.map(({ recordedAt: _recordedAt, ...activity }) => activity))
    url = page.next
  }
  return found
}

const byId = (a: { id?: string | undefined }, b: { id?: string | undefined }) => (`${a.id}` < `${b.id}` ? -1 : 1)

const names = [
  'Zoë',
  'Владимир',
  'أحمد',
  '村上春樹',
  'ᚠᚢᚦ',
  '👩‍🚀',
  'ไทย',
  'नमस्ते',
  'a b%20c',
  '"quoted"',
  'tab\tinside',
  '☃★',
]

describe('ingest, Kafka, the stand-in for KafkaSource, persist, MongoDB and query', () => {
  let production: Production
  beforeAll(async () => {
    production = await startProduction()
  }, 120_000)
  afterAll(() => production?.[Symbol.asyncDispose](), 60_000)

  test('find every posted activity exactly once and as it was sent, in any writing system', async () => {
    const sent = names.flatMap((name, n) =>
      Array.from({ length: 20 }, (_, m) =>
        anActivity({ id: `journey-${n}-${m}`, userId: name, action: `${name}.did`, metadata: { [name]: name, m } }),
      ),
    )
    await postUntilAccepted(production, sent)
    await postUntilAccepted(production, sent.slice(0, 50))
    await until(async () => (await total(production)) >= sent.length)
    expect((await findAll(production)).toSorted(byId)).toEqual(sent.toSorted(byId))
    expect(await production.database.db.collection('deadLetters').countDocuments()).toBe(0)
  })

  test('keep the first content under an id, and dead-letter other content', async () => {
    const first = anActivity({ id: 'conflict', userId: 'conflicting' })
    await postUntilAccepted(production, [first])
    await until(async () => (await total(production, '&userId=conflicting')) === 1)
    await postUntilAccepted(production, [{ ...first, action: 'another' }])
    const deadLetters = production.database.db.collection('deadLetters')
    await until(async () => (await deadLetters.countDocuments({ reason: 'conflict' })) === 1)
    expect(await findAll(production, '&userId=conflicting')).toEqual([first])
  })

  test('dead-letter foreign records, and continue with the partition', async () => {
    const { headers, value } = aRecord({ id: 'not-quite' })
    const foreign = [
      { headers: {}, value: 'no CloudEvent' },
      { headers: { ...headers, ce_type: 'com.example.other' }, value },
      { headers: { ...headers, ce_type: 'dev.activity-log.activity.recorded.v9' }, value },
      { headers, value: '{"userId":' },
      { headers, value: '' },
      { headers, value: null },
      { headers: { ...headers, ce_specversion: '9.9' }, value },
      { headers: { 'content-type': 'application/octet-stream' }, value: Buffer.alloc(1_000_000, 0xff) },
    ]
    const producer = kafkaForTests().producer()
    await producer.connect()
    await producer.send({
      topic: production.topic,
      messages: [...foreign, aRecord({ id: 'behind-them', userId: 'behind' })].map((message) => ({
        ...message,
        partition: 3,
      })),
    })
    await producer.disconnect()
    await until(async () => (await total(production, '&userId=behind')) === 1)
    const deadLetters = production.database.db.collection('deadLetters')
    const kept = { reason: { $ne: 'conflict' } }
    await until(async () => (await deadLetters.countDocuments(kept)) === foreign.length)
    const reasons = (await deadLetters.find(kept).toArray()).map(({ reason }) => reason)
    expect(reasons.toSorted()).toEqual([...Array(5).fill(toStoredName('rejected')), ...Array(3).fill('undelivered')])
    expect(await total(production)).toBe(names.length * 20 + 2)
  })
})

const restarts: [string, (production: Production) => Promise<unknown>][] = [
  ...(['ingest', 'persist', 'query', 'source'] as Part[]).flatMap((part): typeof restarts => [
    [`an orderly stop of ${part}`, (production) => production.restart(part, 'SIGTERM')],
    [`a kill of ${part}`, (production) => production.restart(part, 'SIGKILL')],
  ]),
  ...(controlKafka ? [['a restart of Kafka', restartKafka] as (typeof restarts)[number]] : []),
  ...(controlMongodb ? [['a restart of MongoDB', () => controlMongodb?.('restart')] as (typeof restarts)[number]] : []),
]

async function restartKafka() {
  for (const index of kafkaBrokers.keys()) await controlKafka?.('restart', index + 1)
}

test(`lose nothing and duplicate nothing through ${restarts.map(([what]) => what).join(', ')}`, {
  timeout: 240_000,
}, async () => {
  await using production = await startProduction()
  const sent: ReturnType<typeof anActivity>[] = []
  let isPosting = true
  const posting = Promise.all(
    Array.from({ length: 4 }, async (_, client) => {
      for (let n = 0; isPosting; n++) {
        const batch = Array.from({ length: 20 }, (_, m) => anActivity({ id: `${client}-${n}-${m}` }))
        await postUntilAccepted(production, batch)
        sent.push(...batch)
        // at this rate some are always in flight, and they are few enough to list them all in the end
        await wait(200)
      }
    }),
  )
  for (const [index, [, restart]] of restarts.entries()) {
    const before = sent.length
    // some records are being delivered, and others published, during the restart
    const [first, second] = ['a', 'b'].map((half) =>
      Array.from({ length: 1000 }, (_, n) => anActivity({ id: `burst-${index}-${half}-${n}` })),
    ) as [SentActivity[], SentActivity[]]
    const found = await total(production)
    await postUntilAccepted(production, first)
    await until(async () => (await total(production)) > found)
    const publishing = postUntilAccepted(production, second)
    await restart(production)
    await publishing
    sent.push(...first, ...second)
    await until(() => sent.length >= before + 2200)
  }
  isPosting = false
  await posting
  // the pauses spare the store, which takes long to count exactly
  while ((await total(production)) < sent.length) await wait(500)
  expect((await findAll(production)).toSorted(byId)).toEqual(sent.toSorted(byId))
  expect(await production.database.db.collection('deadLetters').countDocuments()).toBe(0)
})
