import type { OffsetRange } from '@activity-log/shared/ledger-summary.ts'
import { outcomes } from '@activity-log/shared/outcome.ts'
import { programName } from '../help.ts'
import { type Comparison, isComplete, sizeOf } from './compare.ts'
import type { Report } from './report.ts'

const maxRanges = 20

export const isReportComplete = ({ comparisons, hasUncountedPartitions }: Report) =>
  isComplete(comparisons) && !hasUncountedPartitions

/** Makes the report for people: a line per partition, its open offsets, and what to do about them. */
export function reportText(report: Report): string {
  const { topic, deadLetterTopic, comparisons, abandoned } = report
  const { notInStore, elsewhere } = report.deadLetters
  const counts = comparisons.map(({ counts }) => counts)
  const total = (of: (one: Comparison) => readonly OffsetRange[]) => sizeOf(comparisons.flatMap(of))
  const missing = total((one) => one.missing)
  const notDelivered = total((one) => one.notDelivered)
  const gone = total((one) => one.gone)
  const uncounted = comparisons.some((one) => one.uncounted)
  const others = comparisons.filter((one) => one.isOfAnotherTopic).map(({ partition }) => partition)
  const sums = outcomes.map((outcome) => `${number(counts.reduce((sum, one) => sum + one[outcome], 0))} ${outcome}`)

  return [
    `Topic ${topic} when this command began: ${sums.join(', ')}`,
    '',
    table(comparisons),
    '',
    ...comparisons.flatMap(openLines),
    deadLetterText(report),
    ...(notInStore > 0
      ? [
          `${records(notInStore)} of them have no dead letter in the log: it has expired, or has not been delivered yet.`,
        ]
      : []),
    ...(elsewhere > 0
      ? [
          `${records(elsewhere)} in ${deadLetterTopic} name offsets that ${topic} never had:` +
            ' they come from another topic, or from an earlier one with this name.',
        ]
      : []),
    ...(abandoned > 0 ? [`${records(abandoned)} abandoned: Kafka no longer has them.`] : []),
    ...(missing > 0
      ? [
          `${records(missing)} missing: Kafka has them, and later ones have an outcome.` +
            ' They may still be in flight: run this command again.',
        ]
      : []),
    ...(notDelivered > 0
      ? [`${records(notDelivered)} not delivered yet: check that the source and persist are running.`]
      : []),
    ...(gone > 0
      ? [`${records(gone)} gone from Kafka before their outcome was known. Use --abandon to stop waiting for them.`]
      : []),
    ...(uncounted ? ['Some known outcomes could not be counted.'] : []),
    ...(others.length > 0
      ? [
          `The log knows offsets of partition ${others.join(', ')} that Kafka never assigned:` +
            ' the topic was recreated, or belongs to another log. Old outcomes say nothing about its new records.' +
            ` If somebody invented these records, run ${programName} ledger write-off.`,
        ]
      : []),
    ...(report.hasUncountedPartitions
      ? [
          'The log has records in partitions from 1,000 on, which are not counted. If somebody invented them,' +
            ` run ${programName} ledger write-off.`,
        ]
      : []),
    isReportComplete(report) ? 'The ledger is complete.' : 'The ledger is not complete.',
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

/** Lays out a row per partition. A range goes from its first offset to the one after its last. */
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

/** Makes the report for scripts. Ranges include both ends. */
export function reportJson(report: Report): string {
  const { comparisons, ...others } = report
  const listed = (ranges: readonly OffsetRange[]) => ranges.map(({ first, last }) => ({ from: first, to: last }))
  const partitions = comparisons.map(({ missing, notDelivered, gone, ...one }) => ({
    ...one,
    missing: listed(missing),
    notDelivered: listed(notDelivered),
    gone: listed(gone),
  }))
  return JSON.stringify({ complete: isReportComplete(report), ...others, partitions }, null, 2)
}
