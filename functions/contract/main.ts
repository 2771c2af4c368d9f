import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '@activity-log/shared/http/run.ts'
import { contract } from './openapi-document.ts'

/**
 * npm run contract: writes what GET /openapi.json answers. All the functions have to be seen for that,
 * so it is done here; query hands the file out, and needs neither the others nor a generator for it.
 */
export const contractFile = join(import.meta.dirname, '../query/docs/openapi.json')

export const contractText = () => `${JSON.stringify(contract(), null, 2)}\n`

async function main() {
  writeFileSync(contractFile, contractText())
}

if (import.meta.main) run(main)
