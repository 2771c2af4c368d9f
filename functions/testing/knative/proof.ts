import type { Account, Answered, Origins } from './account.ts'
import type { Cluster } from './cluster.ts'

export type Context = {
  cluster: Cluster
  account: Account
  origins: Origins & { persist: string }
  isShort: boolean
  rounds: number
  /** The commit that an upgrade starts from. */
  from: string
  /** Shows what is going on. */
  say(what: string): void
}

/** A part of the report: Markdown, and what contradicts a promise. */
export type Findings = { text: readonly string[]; problems: readonly string[] }
export type Proof = { title: string; run(context: Context): Promise<Findings> }

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export const seconds = (ms: number) => (ms / 1000).toFixed(2)

export function quantile(numbers: readonly number[], q: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

/** Whether a client may get this answer: a success, or an outcome that it does not know. */
export const isDocumented = ({ status }: Pick<Answered, 'status'>, success: number) =>
  status === success || status === 0 || status >= 500

/** How often each answer came that was not a success: "3 × 502". */
export function others(answers: readonly Answered[], success: number): string {
  const by = Map.groupBy(
    answers.filter(({ status }) => status !== success),
    ({ status }) => status,
  )
  return [...by].map(([status, of]) => `${of.length} × ${status || 'no answer'}`).join(', ') || '0'
}
