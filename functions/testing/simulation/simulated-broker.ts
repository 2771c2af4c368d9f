import type { EventRecord } from '@activity-log/shared/activity-recorded.ts'
import type { Broker } from '@activity-log/shared/broker/broker.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** One call may not send more than this. ingest has these limits, too. */
const max = { records: 500, bytes: 512 * 1024 }
/** After this time a broker appends nothing more; after the same time again it answers nobody. */
export const brokerTimeoutMs = 30_000

/** The broker that a process uses: it may append or not, and may acknowledge or not. */
export function fakeBroker(
  world: World,
  life: Life,
  append: (records: readonly EventRecord[]) => Promise<readonly Position[]>,
): Pick<Broker, 'publish'> {
  const { random, rates, way, after, violate } = world
  const late = () => after(random.between(4000, brokerTimeoutMs))

  async function appendAndAnswer(records: readonly EventRecord[]) {
    await way()
    if (random.chance(rates.refusedAppend)) {
      await way()
      throw new Error('the broker rejected the records')
    }
    const isLate = random.chance(rates.lateAcknowledgement)
    if (isLate && random.chance(0.5)) await late()
    if (random.chance(rates.doubledAppend)) await append(records)
    const positions = await append(records)
    if (isLate && random.chance(0.5)) await late()
    await way()
    if (random.chance(rates.lostAcknowledgement)) {
      await after(random.pick([0, 4500, 9500]))
      throw new Error('the acknowledgment was lost')
    }
    return positions
  }

  return {
    publish(records) {
      const bytes = records.reduce((sum, { headers, value }) => sum + sizeOf(headers) + Buffer.byteLength(value), 0)
      if (records.length > max.records || (records.length > 1 && bytes > max.bytes)) {
        violate(`ingest published ${records.length} records with ${bytes} bytes at once`)
      }
      return life.ask(() => appendAndAnswer(records))
    },
  }
}

const sizeOf = (headers: EventRecord['headers']) =>
  Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
