import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { AnswerTimes } from './answer-times.ts'
import { type MutationResult, mutationTable } from './mutations.ts'
import type { Run } from './run-scenario.ts'

const columns: readonly [name: string, of: (run: Run) => string | number][] = [
  ['scenario', ({ scenario }) => scenario],
  ['seed', ({ seed }) => seed],
  ['faults', ({ faults }) => faults],
  ['sent', ({ sent }) => sent],
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['unknown', ({ unknown }) => unknown],
  ['rejected', ({ rejected }) => rejected],
  ['found', ({ found }) => found],
  ['dead letters', ({ deadLetters }) => deadLetters],
  [
    'other outcomes',
    ({ outcomes }) => Object.entries(outcomes).reduce((sum, [outcome, n]) => sum + (outcome === 'stored' ? 0 : n), 0),
  ],
  ['duplicates', ({ duplicates }) => duplicates],
  ['lost', ({ lost }) => lost],
  ['ledger', ({ complete }) => (complete === undefined ? '–' : complete ? 'complete' : 'INCOMPLETE')],
  ['longest time without an acknowledgment, s', ({ longestGapMs }) => (longestGapMs / 1000).toFixed(1)],
  ['answers to POST: p50, p99, slowest, s', ({ answers }) => inSeconds(answers.posts)],
  ['pages: p50, p99, slowest, s', ({ answers }) => inSeconds(answers.pages)],
  ['problems', ({ problems }) => problems.length],
]

const inSeconds = ({ p50, p99, max }: AnswerTimes) => [p50, p99, max].map((ms) => (ms / 1000).toFixed(2)).join(', ')

export function table(runs: readonly Run[]): string {
  const head = `| ${columns.map(([name]) => name).join(' | ')} |`
  const line = `| ${columns.map(([name]) => (['scenario', 'ledger'].includes(name) ? '---' : '---:')).join(' | ')} |`
  return [head, line, ...runs.map((run) => `| ${columns.map(([, of]) => of(run)).join(' | ')} |`)].join('\n')
}

export function summary(runs: readonly Run[]): string {
  const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0).toLocaleString('en')
  const names = new Set(runs.map(({ scenario }) => scenario))
  const incomplete = runs.filter(({ complete }) => complete === false).length
  const failed = runs.filter(({ problems }) => problems.length > 0).length
  return `${names.size} scenarios, ${runs.length} runs: ${sum(({ sent }) => sent)} activities sent, ${sum(({ acknowledged }) => acknowledged)} acknowledged, ${sum(({ unknown }) => unknown)} unknown, ${sum(({ found }) => found)} found, ${sum(({ lost }) => lost)} lost, ${sum(({ duplicates }) => duplicates)} duplicated, incomplete ledgers in ${incomplete} runs; ${failed} runs with a problem. ${sum(({ faults }) => faults)} faults`
}

const today = () => new Date().toISOString().slice(0, 10)
const madeBy = (command: string) =>
  `\`${command}\`, on ${today()}, Node ${process.version}, ${cpus().length} processors.`

export const mutationReport = (command: string, results: readonly MutationResult[]) =>
  `# Missing safeguards that the fault campaign detects\n\n${madeBy(command)}\n\n${mutationTable(results)}\n`

export type Report = { command: string; runs: readonly Run[] }

export function writeReport(folder: string, { command, runs }: Report): void {
  const text = ['# Results of the fault campaign', madeBy(command), `${summary(runs)}.`, table(runs)]
  writeFileSync(join(folder, 'report.md'), `${text.join('\n\n')}\n`)
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify({ command, on: today(), runs }, undefined, 2)}\n`)
}
