import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '@activity-log/shared/http/run.ts'
import { contract } from './openapi-document.ts'

/**
 * npm run contract writes the answer of GET /openapi.json to this file. It is generated here, where all the functions
 * are known; query only serves the file, and needs neither the others nor a generator.
 */
export const contractFile = join(import.meta.dirname, '../query/docs/openapi.json')

export const contractText = () => `${JSON.stringify(contract(), null, 2)}\n`

async function main() {
  writeFileSync(contractFile, contractText())
}

if (import.meta.main) run(main)
