import { randomFrom } from '../seeded-random.ts'
import { median } from './bench-report.ts'

/** What is compared with a baseline in the same run: a ratio a round, and what they are ratios of. */
export type Comparison = {
  /** What was measured, and its unit. */
  what: string
  against: string
  target?: { min: number } | { max: number }
  ours: readonly number[]
  theirs: readonly number[]
}

/** A benchmark as it is kept. */
export type Report = { machine: string; comparisons: readonly Comparison[] }

/** Measures each variant once a round, in an order of its own each time, so that what else the machine does hits all alike. */
export async function interleaved<Measured extends object>(
  variants: { readonly [name in keyof Measured]: () => Promise<Measured[name]> },
  rounds: number,
): Promise<{ [name in keyof Measured]: Measured[name][] }> {
  const names = Object.keys(variants) as (keyof Measured)[]
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as {
    [name in keyof Measured]: Measured[name][]
  }
  const { shuffled } = randomFrom(`${names.join()} ${Date.now()}`)
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names)) measured[name].push(await variants[name]())
  }
  return measured
}

export const ratiosOf = ({ ours, theirs }: Comparison): readonly number[] =>
  ours.map((value, round) => value / (theirs[round] ?? Number.NaN))

/** Undefined where there is no target. */
export function isMet(comparison: Comparison): boolean | undefined {
  const { target } = comparison
  if (!target) return undefined
  const ratio = median(ratiosOf(comparison))
  return 'min' in target ? ratio >= target.min : ratio <= target.max
}

/** A Markdown table, ended with what each ratio was to be. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map((comparison) => {
    const { what, against, target, ours, theirs } = comparison
    const ratios = ratiosOf(comparison).toSorted((a, b) => a - b)
    const range = `${figure(ratios[0])}–${figure(ratios.at(-1))}`
    const wanted = !target ? '' : 'min' in target ? `≥ ${target.min}` : `≤ ${target.max}`
    const verdict = isMet(comparison) === false ? ' (missed)' : ''
    const cells = [what, figure(median(ours)), against, figure(median(theirs)), figure(median(ratios)), range]
    return `| ${cells.join(' | ')} | ${wanted}${verdict} |`
  })
  return [
    '| what | ours | against | theirs | ratio | least–most | target |',
    '| --- | ---: | --- | ---: | ---: | ---: | --- |',
    ...rows,
  ].join('\n')
}

/** Three digits that count. */
const figure = (value = Number.NaN) => value.toLocaleString('en', { maximumSignificantDigits: value >= 1000 ? 4 : 3 })
