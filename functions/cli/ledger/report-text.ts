import type { OffsetRange } from '@activity-log/shared/ledger-summary.ts'
import { outcomes } from '@activity-log/shared/outcome.ts'
import { type Comparison, isComplete, sizeOf } from './compare.ts'
import type { Report } from './report.ts'

const maxRanges = 20

/** For people: a line for each partition, what is open of each, and what can be done about it. */
export function reportText(report: Report): string {
  const { comparisons, deadLetters, abandoned } = report
  const counts = comparisons.map(({ counts }) => counts)
  const total = (of: (one: Comparison) => readonly OffsetRange[]) => sizeOf(comparisons.flatMap(of))
  const missing = total((one) => one.missing)
  const notDelivered = total((one) => one.notDelivered)
  const gone = total((one) => one.gone)
  const uncounted = comparisons.some((one) => one.uncounted)
  const others = comparisons.filter((one) => one.isOfAnotherTopic).map(({ partition }) => partition)
  const sums = outcomes.map((outcome) => `${number(counts.reduce((sum, one) => sum + one[outcome], 0))} ${outcome}`)

  return [
    `Topic ${report.topic}, as it was when this began; ${sums.join(', ')}`,
    '',
    table(comparisons),
    '',
    ...comparisons.flatMap(openLines),
    deadLetterText(report),
    ...(deadLetters.notInStore > 0
      ? [
          `${records(deadLetters.notInStore)} of them have no dead letter in the log: not yet, or it expired. The source of ${report.deadLetterTopic} brings it.`,
        ]
      : []),
    ...(deadLetters.elsewhere > 0
      ? [
          `${records(deadLetters.elsewhere)} of ${report.deadLetterTopic} name places that ${report.topic} does not have: they are of another topic, or of an earlier one of its name.`,
        ]
      : []),
    ...(abandoned > 0 ? [`${records(abandoned)} abandoned: Kafka no longer has them.`] : []),
    ...(missing > 0
      ? [
          `${records(missing)} missing: Kafka has them, later ones are known. They may still be on their way: run this again.`,
        ]
      : []),
    ...(notDelivered > 0 ? [`${records(notDelivered)} not delivered yet: is the source running, and persist?`] : []),
    ...(gone > 0
      ? [`${records(gone)} gone from Kafka before it was known what became of them. --abandon gives them up.`]
      : []),
    ...(uncounted ? ['Not everything that is known was counted.'] : []),
    ...(others.length > 0
      ? [
          `The log knows offsets that Kafka never gave, of partition ${others.join(', ')}: the topic was made anew, or is not that of this log. What it says of the old records is no word on the new ones.`,
        ]
      : []),
    isComplete(comparisons) ? 'The ledger is complete.' : 'The ledger is not complete.',
  ].join('\n')
}

function deadLetterText({ deadLetterTopic, deadLetters: { read, closed, withoutPosition } }: Report): string {
  const without = withoutPosition > 0 ? `, ${number(withoutPosition)} of them without a first position` : ''
  return `${records(read)} in ${deadLetterTopic}${without}: ${closed === 1 ? '1 gap' : `${number(closed)} gaps`} closed`
}

const columns: readonly [string, (one: Comparison) => string][] = [
  ['partition', ({ partition }) => String(partition)],
  ['Kafka', ({ kafka }) => `${kafka.first}..${kafka.end}`],
  ['known', ({ first, last }) => (last < 0 ? '-' : `${first}..${last + 1}`)],
  ['complete', ({ completeThrough }) => `0..${completeThrough + 1}`],
  ...outcomes.map((outcome): [string, (one: Comparison) => string] => [
    outcome,
    ({ counts }) => String(counts[outcome]),
  ]),
  ['abandoned', ({ abandoned }) => String(abandoned)],
  ['missing', ({ missing }) => String(sizeOf(missing))],
  ['not delivered', ({ notDelivered }) => String(sizeOf(notDelivered))],
  ['gone', ({ gone }) => String(sizeOf(gone))],
]

/** A range is from its first offset to the one after its last. */
function table(comparisons: readonly Comparison[]): string {
  const rows = [columns.map(([name]) => name), ...comparisons.map((one) => columns.map(([, cell]) => cell(one)))]
  const widths = columns.map((_column, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ')).join('\n')
}

function openLines({ partition, missing, notDelivered, gone }: Comparison): string[] {
  const line = (what: string, ranges: readonly OffsetRange[]) => {
    const more = ranges.length > maxRanges ? ` and ${number(ranges.length - maxRanges)} more ranges` : ''
    return ranges.length > 0
      ? [`Partition ${partition}, ${what}: ${ranges.slice(0, maxRanges).map(rangeText).join(', ')}${more}`]
      : []
  }
  return [...line('missing', missing), ...line('not delivered', notDelivered), ...line('gone', gone)]
}

const rangeText = ({ first, last }: OffsetRange) => (first === last ? `${first}` : `${first} to ${last}`)
const number = (count: number) => count.toLocaleString('en')
const records = (count: number) => (count === 1 ? '1 record' : `${number(count)} records`)

/** For programs; ranges have both their ends. */
export function reportJson({ comparisons, ...others }: Report): string {
  const listed = (ranges: readonly OffsetRange[]) => ranges.map(({ first, last }) => ({ from: first, to: last }))
  const partitions = comparisons.map(({ missing, notDelivered, gone, ...one }) => ({
    ...one,
    missing: listed(missing),
    notDelivered: listed(notDelivered),
    gone: listed(gone),
  }))
  return JSON.stringify({ complete: isComplete(comparisons), ...others, partitions }, null, 2)
}
