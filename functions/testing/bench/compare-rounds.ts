import { randomFrom } from '../seeded-random.ts'
import { median } from './bench-report.ts'

/** A measurement relative to a baseline in the same run: one ratio for each round, and the names of both. */
export type Comparison = {
  /** The measurement and its unit. */
  what: string
  against: string
  target?: { min: number } | { max: number }
  ours: readonly number[]
  theirs: readonly number[]
}

/** The recorded form of a benchmark. */
export type Report = { machine: string; comparisons: readonly Comparison[] }

/**
 * Measures each variant once a round, in a different order each time, so that other work on the machine affects all
 * variants equally.
 */
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

/** Undefined when the comparison has no target. */
export function isMet(comparison: Comparison): boolean | undefined {
  const { target } = comparison
  if (!target) return undefined
  const ratio = median(ratiosOf(comparison))
  return 'min' in target ? ratio >= target.min : ratio <= target.max
}

/** A Markdown table whose last column is the target of each ratio. */
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
    '| measurement | ours | against | theirs | ratio | min–max | target |',
    '| --- | ---: | --- | ---: | ---: | ---: | --- |',
    ...rows,
  ].join('\n')
}

/** A number with three significant digits. */
const figure = (value = Number.NaN) => value.toLocaleString('en', { maximumSignificantDigits: value >= 1000 ? 4 : 3 })
