import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { startProduction } from '../production.ts'
import { type Note, residentMebibytes } from './bench-report.ts'
import { madeUpFile } from './made-up-file.ts'

export type ProductionOptions = { rounds: number; file: string | undefined; note: Note }

/** Imports a file through the functions over Kafka and MongoDB, until every activity is found. */
export async function measureProduction({ rounds, file, note }: ProductionOptions): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await using production = await startProduction()
    const startedAt = performance.now()
    const arguments_ = [file ?? madeUpFile(aFolder()), '--url', production.ingest, '--query-url', production.query]
    await using program = startProgram('functions/cli/main.ts', {}, 'import', ...arguments_)
    const imported = Number((await written(program, /([\d,]+) stored, /)).replaceAll(',', ''))
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
}
