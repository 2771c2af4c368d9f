import { parseArgs } from 'node:util'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { type ClientName, clientNames, missingCommands, tryClient } from './generated-clients.ts'

const usage = `Usage: npm run system -- clients [NAME…]

Starts the log, generates clients from GET /openapi.json, and with each posts one activity, posts several with an
invalid one, and lists, gets and exports them. Prints what each has seen.

  python, go, typescript-fetch   clients of openapi-generator, which Maven installs; needs Java
  openapi-fetch                  types of openapi-typescript, which npm installs

Without a NAME it runs all whose commands are installed.`

async function main() {
  const { values, positionals } = parseArgs({ options: { help: { type: 'boolean' } }, allowPositionals: true })
  if (values.help) return console.log(usage)
  const unknown = positionals.find((name) => !(clientNames as readonly string[]).includes(name))
  if (unknown !== undefined) throw new StartError(`Unknown client: ${unknown}.\n\n${usage}`)
  const names = positionals.length > 0 ? (positionals as ClientName[]) : clientNames
  await using log = await startLog(aFolder(), { LOG_LEVEL: 'error' })
  for (const name of names) {
    const missing = await missingCommands(name)
    if (missing.length > 0) console.log(`${name}: ${missing.join(', ')} not installed`)
    else console.log(`${name}: ${JSON.stringify(await tryClient(name, aFolder(), log.origin), undefined, 2)}`)
  }
}

run(main)
