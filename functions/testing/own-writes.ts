import { parseArgs } from 'node:util'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { answerOf, post } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { startProduction } from './production.ts'

const usage = `Usage: npm run system -- own-writes [--count 10000] [--real]

Posts activities one by one from 32 clients. Right after each 202, a client lists the user's newest activities and waits
for the receipt: the list has to contain the activity every time. --real starts the functions as processes over Kafka
and MongoDB (KAFKA_BROKERS, MONGODB_URI); without it the log runs in one process.`

const clients = 32

async function main() {
  const options = { count: { type: 'string' }, real: { type: 'boolean' }, help: { type: 'boolean' } } as const
  const { values } = parseArgs({ options })
  if (values.help) return console.log(usage)
  const count = Number(values.count ?? 10_000)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new StartError(`--count must be a whole number above 0\n\n${usage}`)
  if (!values.real) {
    await using log = await startLog(aFolder())
    return await readBack(count, log.origin, log.origin)
  }
  const missing = ['KAFKA_BROKERS', 'MONGODB_URI'].filter((name) => !process.env[name])
  if (missing.length > 0) throw new StartError(`${missing.join(' and ')} not set.\n\n${usage}`)
  await using production = await startProduction()
  await readBack(count, production.ingest, production.query)
}

async function readBack(count: number, ingest: string, query: string) {
  let sent = 0
  let found = 0
  async function client() {
    while (sent < count) {
      const number = sent++
      const userId = `user ${number % 100}`
      const accepted = await answerOf(
        await fetch(`${ingest}/logs`, post({ userId, action: 'write', metadata: { number } })),
      )
      const parameters = new URLSearchParams({
        userId,
        receipt: accepted.receipt,
        wait: '10',
        limit: '1000',
        count: 'none',
      })
      const response = await fetch(`${query}/logs?${parameters}`)
      const { data } = await answerOf(response)
      if (data?.some(({ id, metadata }) => id === accepted.id && metadata?.['number'] === number)) found++
      else console.log(`not in the list (${response.status}): ${accepted.id}`)
      if (number % 1000 === 999) console.log(`${number + 1} sent`)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  console.log(`${found} of ${count} read back`)
  if (found !== count) process.exitCode = 1
}

run(main)
