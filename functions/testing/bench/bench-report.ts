import { existsSync, readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'

/** The results of a benchmark by name, for a table of medians. */
export type Results = Map<string, number[]>

export type Note = (what: string, value: number) => void

export const noteIn =
  (results: Results): Note =>
  (what, value) => {
    results.set(what, [...(results.get(what) ?? []), value])
  }

export function machine(): string {
  const [cpu] = cpus()
  const versions = ['hono', 'kafkajs', 'mongodb', 'valibot', 'express'].map((name) => `${name} ${versionOf(name)}`)
  const memory = Math.round(totalmem() / 2 ** 30)
  return `Node ${process.version}, ${versions.join(', ')}; Linux ${release()}, ${cpus().length} × ${cpu?.model}, ${memory} GiB`
}

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../node_modules', name, 'package.json'), 'utf8')).version

export function printTable(results: Results): void {
  console.log(`\n| measurement | median | minimum | maximum | rounds |\n| --- | ---: | ---: | ---: | ---: |`)
  for (const [what, numbers] of results) {
    const sorted = numbers.toSorted((a, b) => a - b)
    const shown = [median(numbers), sorted[0], sorted.at(-1)].map((value) => (value ?? 0).toLocaleString('en'))
    console.log(`| ${what} | ${shown.join(' | ')} | ${numbers.length} |`)
  }
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function residentMebibytes(pid: number | undefined): number {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : ''
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024)
}
