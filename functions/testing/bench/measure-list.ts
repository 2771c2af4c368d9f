import type { Activity } from '@activity-log/shared/activity.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { anEvent, silent } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { type Comparison, interleaved } from './compare-rounds.ts'
import { asImages, asPlain } from './programs.ts'
import { aServer, type LoadOptions, rowsOf, type Server } from './server.ts'

const connections = 8
const count = 10_000
const batch = 500

/** Compares the first page over MongoDB with skip, limit and a count of the same activities. */
export async function measureList({ rounds, seconds }: LoadOptions): Promise<Comparison[]> {
  await using stack = new AsyncDisposableStack()
  const [ourDatabase, plainDatabase] = [stack.use(aDatabase()), stack.use(aDatabase())]
  const plainActivities = plainDatabase.db.collection('activities')
  await plainActivities.createIndexes([{ key: { timestamp: -1 } }, { key: { userId: 1, timestamp: -1 } }])
  await fillList(ourDatabase.name, async (activities) => {
    await plainActivities.insertMany(activities.map(plainDocument))
  })
  const env = ({ name }: { name: string }) => ({ MONGODB_URI: mongodbUri, MONGODB_DATABASE: name })
  const ours = stack.use(await aServer((await asImages()).start('query'), env(ourDatabase)))
  const plain = stack.use(await aServer(asPlain().start('query'), env(plainDatabase)))
  const under = (server: Server) => () => server.under('pages', connections, seconds)
  const row = rowsOf(await interleaved({ ours: under(ours), plain: under(plain) }, rounds))
  const plainDesign = 'Express, skip, limit and countDocuments'
  return [
    row(
      `list, first page of ${count.toLocaleString('en')}: pages/s`,
      plainDesign,
      { min: 1 },
      rate('ours'),
      rate('plain'),
    ),
    row('list, first page: CPU µs a page', plainDesign, undefined, ['ours', 'cpuMicros'], ['plain', 'cpuMicros']),
  ]
}

/** Fills a database with the activities of the list, and passes each batch on. */
export async function fillList(
  database: string,
  onBatch: (activities: readonly Activity[]) => Promise<void> = async () => {},
): Promise<void> {
  const options = { uri: mongodbUri, database, log: silent, migrate: { retentionDays: undefined } }
  await using store = openMongoStore(options)
  for (let at = 0; at < count; at += batch) {
    const recorded = Array.from({ length: batch }, (_, n) => recordedAt(at + n))
    await store.save(recorded)
    await onBatch(recorded.map(({ activity }) => activity))
  }
}

const rate = <Name extends string>(name: Name) => [name, 'rate'] as const
const newest = Date.UTC(2026, 0, 1)

function recordedAt(n: number) {
  const event = anEvent({
    id: `list-${n}`,
    userId: `user_${n % 900}`,
    action: 'click_button',
    timestamp: new Date(newest - n * 1000).toISOString(),
    metadata: { button: 'buy', page: '/checkout/payment', ip: '203.0.113.9' },
  })
  return { ...event, position: { partition: n % 12, offset: Math.floor(n / 12) } }
}

const plainDocument = ({ timestamp, ...rest }: { timestamp: string }) => ({ ...rest, timestamp: new Date(timestamp) })
