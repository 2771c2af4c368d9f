import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { written } from '@activity-log/shared/testing/processes.ts'
import { mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { type Comparison, interleaved } from './compare.ts'
import { loadCore, startPinned } from './pinned.ts'
import { asImages, aside, asPlain } from './programs.ts'
import { aServer, type LoadOptions, rowsOf } from './server.ts'

/** What KafkaSource has under way at once. */
const connections = 50

/** persist over MongoDB, and over one that is never the limit, against one insert a request; and itself without MongoDB. */
export async function measurePersist({ rounds, seconds }: LoadOptions): Promise<Comparison[]> {
  await using stack = new AsyncDisposableStack()
  const [ourDatabase, plainDatabase] = [stack.use(aDatabase()), stack.use(aDatabase())]
  // what the plain lists are read from
  await plainDatabase.db
    .collection('activities')
    .createIndexes([{ key: { timestamp: -1 } }, { key: { userId: 1, timestamp: -1 } }])
  const env = ({ name }: { name: string }) => ({ MONGODB_URI: mongodbUri, MONGODB_DATABASE: name })
  const image = (await asImages()).start('persist')
  const design = asPlain().start('persist')
  const ours = stack.use(await aServer(image, env(ourDatabase)))
  const plain = stack.use(await aServer(design, env(plainDatabase)))
  const atOnce = stack.use(startPinned(loadCore, aside('mongodb-at-once').command))
  const atOnceEnv = { MONGODB_URI: await written(atOnce, /mongodb:\S+/), MONGODB_DATABASE: 'activity_log' }
  const oursAtOnce = stack.use(await aServer(image, atOnceEnv))
  const plainAtOnce = stack.use(await aServer(design, atOnceEnv))
  const alone = stack.use(await aServer(aside('persist-alone'), {}))
  const under = (server: typeof ours) => () => server.under('events', connections, seconds)
  const measured = await interleaved(
    {
      ours: under(ours),
      plain: under(plain),
      oursAtOnce: under(oursAtOnce),
      plainAtOnce: under(plainAtOnce),
      alone: under(alone),
    },
    rounds,
  )
  const row = rowsOf(measured)
  const plainDesign = 'Express, CloudEvents SDK, an insertOne a request'
  return [
    row(
      `persist, ${connections} under way: events/s`,
      plainDesign,
      { least: 3.5 },
      ['ours', 'rate'],
      ['plain', 'rate'],
    ),
    row('persist: CPU µs an event', plainDesign, undefined, ['ours', 'cpuMicros'], ['plain', 'cpuMicros']),
    row(
      'persist, MongoDB that takes all at once: events/s',
      plainDesign,
      undefined,
      ['oursAtOnce', 'rate'],
      ['plainAtOnce', 'rate'],
    ),
    row(
      'persist, MongoDB that takes all at once: CPU µs an event',
      plainDesign,
      undefined,
      ['oursAtOnce', 'cpuMicros'],
      ['plainAtOnce', 'cpuMicros'],
    ),
    row('persist, no store: events/s', 'with MongoDB', undefined, ['alone', 'rate'], ['ours', 'rate']),
  ]
}
