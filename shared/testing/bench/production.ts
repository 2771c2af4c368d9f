import { parseArgs } from 'node:util'
import { StartError } from '../../config.ts'
import { run } from '../../http/run.ts'
import { answerOf, until } from '../builders.ts'
import { aFolder, startProgram, written } from '../processes.ts'
import { startProduction } from '../production.ts'
import { madeUpFile } from './made-up-file.ts'
import { noteIn, printMachine, printTable, type Results, residentMebibytes } from './report.ts'

const usage = `Usage: KAFKA_BROKERS=… MONGODB_URI=… npm run bench:production [-- --rounds 3 --file activities.ndjson.gz]

Imports a file into the functions as processes over Kafka and MongoDB, through the unordered stand-in for KafkaSource, until
every activity is found; without --file 27,324 are made up.`

async function main() {
  const { values } = parseArgs({
    options: { rounds: { type: 'string' }, file: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(usage)
  const missing = ['KAFKA_BROKERS', 'MONGODB_URI'].filter((name) => !process.env[name])
  if (missing.length > 0) throw new StartError(`${missing.join(' and ')} not set.\n\n${usage}`)
  printMachine()
  const results: Results = new Map()
  const note = noteIn(results)
  for (let round = 0; round < Number(values.rounds ?? 3); round++) {
    await using production = await startProduction()
    const file = values.file ?? madeUpFile(aFolder())
    const startedAt = performance.now()
    const arguments_ = [file, '--url', production.ingest, '--query-url', production.query]
    await using program = startProgram('functions/local/import.ts', {}, ...arguments_)
    const imported = Number((await written(program, /([\d,]+) activities are in the log/)).replaceAll(',', ''))
    let total = 0
    await until(async () => {
      total = (await answerOf(await fetch(`${production.query}/logs?count=exact&limit=1`))).total
      return total >= imported
    })
    const seconds = (performance.now() - startedAt) / 1000
    note('activities found', total)
    note('from the first POST until all are found: activities/s', Math.round(imported / seconds))
    for (const [part, { child }] of Object.entries(production.parts)) {
      note(`${part}: resident memory afterwards, MiB`, residentMebibytes(child.pid))
    }
  }
  printTable(results)
}

run(main)
