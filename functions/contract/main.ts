import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '@activity-log/shared/http/run.ts'
import { contract } from './openapi-document.ts'

/**
 * npm run contract writes the answer of GET /openapi.json to this file. It is generated here, where all the functions
 * are known; query only serves the file, and needs neither the others nor a generator.
 */
export const contractFile = join(import.meta.dirname, '../query/docs/openapi.json')

export const contractText = () => `${written(contract(), '')}\n`

const maxColumns = 120

/** JSON whose small objects and lists take one line each, so that a change of the contract can be read. */
function written(value: unknown, indent: string): string {
  const whole = JSON.stringify(value)
  if (typeof value !== 'object' || value === null || indent.length + whole.length <= maxColumns) return whole
  const deeper = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const parts = Array.isArray(value)
    ? value.map((item) => written(item, deeper))
    : Object.entries(value).flatMap(([name, item]) =>
        item === undefined ? [] : [`${JSON.stringify(name)}: ${written(item, deeper)}`],
      )
  return `${open}\n${parts.map((part) => deeper + part).join(',\n')}\n${indent}${close}`
}

async function main() {
  writeFileSync(contractFile, contractText())
}

if (import.meta.main) run(main)
