import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { type Comparison, interleaved } from './compare-rounds.ts'
import { asImages, aside, asPlain } from './programs.ts'
import { aServer, type LoadOptions, rowsOf } from './server.ts'

/** The number of requests that KafkaSource has in flight. */
const connections = 50

/** Compares persist over MongoDB with one insert for each request, and with persist without MongoDB. */
export async function measurePersist({ rounds, seconds }: LoadOptions): Promise<Comparison[]> {
  await using stack = new AsyncDisposableStack()
  const [ourDatabase, plainDatabase] = [stack.use(aDatabase()), stack.use(aDatabase())]
  // the index that the plain lists read
  await plainDatabase.db
    .collection('activities')
    .createIndexes([{ key: { timestamp: -1 } }, { key: { userId: 1, timestamp: -1 } }])
  const env = ({ name }: { name: string }) => ({ MONGODB_URI: mongodbUri, MONGODB_DATABASE: name })
  const image = (await asImages()).start('persist')
  const design = asPlain().start('persist')
  const ours = stack.use(await aServer(image, env(ourDatabase)))
  const plain = stack.use(await aServer(design, env(plainDatabase)))
  const alone = stack.use(await aServer(aside('persist-alone'), {}))
  const under = (server: typeof ours) => () => server.under('events', connections, seconds)
  const measured = await interleaved(
    {
      ours: under(ours),
      plain: under(plain),
      alone: under(alone),
    },
    rounds,
  )
  const row = rowsOf(measured)
  const plainDesign = 'Express, CloudEvents SDK, one insertOne per request'
  return [
    row(`persist, ${connections} in flight: events/s`, plainDesign, { min: 3.5 }, ['ours', 'rate'], ['plain', 'rate']),
    row('persist: CPU µs an event', plainDesign, undefined, ['ours', 'cpuMicros'], ['plain', 'cpuMicros']),
    row('persist, no store: events/s', 'with MongoDB', undefined, ['alone', 'rate'], ['ours', 'rate']),
  ]
}
