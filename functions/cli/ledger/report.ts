import { type KafkaRange, kafkaRangesOf, readTopic } from '@activity-log/shared/broker/kafka-read.ts'
import { toSourceRecord } from '@activity-log/shared/dispatch/source-record.ts'
import type { PartitionSummary } from '@activity-log/shared/ledger-summary.ts'
import type { WrittenOutcome } from '@activity-log/shared/store/ledger.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import type { Admin, Kafka } from 'kafkajs'
import { type Comparison, compare, isOpen, sizeOf } from './compare.ts'
import { undeliveredOutcome } from './undelivered.ts'

export type ReportOptions = {
  kafka: Kafka
  admin: Admin
  store: Pick<ActivityStore, 'ledger' | 'account' | 'abandon' | 'getDeadLetter'>
  topic: string
  deadLetterTopic: string
  /** Called before records are abandoned; without it, none are. */
  onAbandon?: (() => Promise<void>) | undefined
  /** Called while the dead-letter topic is read. */
  onProgress: (read: number, of: number) => void
}

export type Report = {
  topic: string
  deadLetterTopic: string
  comparisons: readonly Comparison[]
  /** The store has records in partitions that the ledger does not count, and Kafka does not have. */
  hasUncountedPartitions: boolean
  deadLetters: DeadLetterCounts
  /** The number of records that were given up because Kafka no longer had them. */
  abandoned: number
}
type DeadLetterCounts = {
  read: number
  /** Gaps that the dead letters closed. */
  closed: number
  /** Closed gaps whose dead letter is not in the store. */
  notInStore: number
  withoutPosition: number
  /** Dead letters with offsets that the topic never had. */
  elsewhere: number
}

/** Limits how many dead letters are looked up at the same time. */
const outcomesPerRound = 100

/**
 * Compares the ledger with Kafka, closes the gaps that the dead-letter topic explains, and abandons records if it may.
 * It reads the ends of the topic first, so that records that arrive meanwhile need no outcome.
 */
export async function makeReport(options: ReportOptions): Promise<Report> {
  const { admin, store, topic, deadLetterTopic } = options
  const ranges = await kafkaRangesOf(admin, topic)
  const deadLetters = await closeMissing(options)
  let hasUncountedPartitions = false
  let comparisons = await compareNow()
  let abandoned = 0
  // if the store knows another topic, the low offsets of this one say nothing about its gaps
  if (options.onAbandon && !comparisons.some(({ isOfAnotherTopic }) => isOfAnotherTopic)) {
    const gone = comparisons.filter((one) => one.gone.length > 0)
    if (gone.length > 0) await options.onAbandon()
    for (const { partition, kafka } of gone) await store.abandon(partition, kafka.first)
    abandoned = sizeOf(gone.flatMap((one) => one.gone))
    if (abandoned > 0) comparisons = await compareNow()
  }
  return { topic, deadLetterTopic, comparisons, hasUncountedPartitions, deadLetters, abandoned }

  async function compareNow(): Promise<Comparison[]> {
    const { partitions: ledger, ...others } = await ledgerOf(store)
    hasUncountedPartitions = others.hasUncountedPartitions
    const now = await endsOf(admin, topic)
    const known = ranges.map(({ partition }) => partition)
    const absent = [...ledger.keys()].filter((partition) => !known.includes(partition))
    const all = [...ranges, ...absent.map((partition): KafkaRange => ({ partition, first: 0, end: 0 }))]
    return all.map((range) => compare(range, now.get(range.partition) ?? 0, ledger.get(range.partition)))
  }
}

/** Reads the ledger, in several rounds if a log has more uncounted outcomes than one round counts. */
async function ledgerOf(
  store: ReportOptions['store'],
): Promise<{ partitions: Map<number, PartitionSummary>; hasUncountedPartitions: boolean }> {
  for (let before = ''; ; ) {
    const { partitions, hasUncountedPartitions = false } = await store.ledger()
    const uncounted = partitions.filter((summary) => summary.uncounted)
    const progress = JSON.stringify(partitions.map(({ counts }) => counts))
    if (uncounted.length === 0 || progress === before) {
      const byNumber = new Map(partitions.map((summary) => [summary.partition, summary]))
      return { partitions: byNumber, hasUncountedPartitions }
    }
    before = progress
    // abandoning up to offset 0 gives nothing up, but compacts the outcomes that were counted
    for (const { partition } of uncounted) await store.abandon(partition, 0)
  }
}

async function closeMissing(options: ReportOptions): Promise<DeadLetterCounts> {
  const { kafka, admin, store, topic, deadLetterTopic, onProgress } = options
  const counts: DeadLetterCounts = { read: 0, closed: 0, notInStore: 0, withoutPosition: 0, elsewhere: 0 }
  const ownRanges = await kafkaRangesOf(admin, deadLetterTopic)
  // these are read after the ranges of the dead letters, so that they include the record of each dead letter
  const ends = await endsOf(admin, topic)
  const { partitions: ledger } = await ledgerOf(store)
  const closed = new Set<string>()
  const all = ownRanges.reduce((sum, { first, end }) => sum + end - first, 0)
  let done = 0
  for await (const { partition, messages, offsets } of readTopic(kafka, admin, deadLetterTopic, ownRanges)) {
    const outcomes: WrittenOutcome[] = []
    for (const message of messages) {
      counts.read++
      const outcome = undeliveredOutcome(toSourceRecord(partition, message), deadLetterTopic)
      if (!outcome) {
        counts.withoutPosition++
        continue
      }
      const { position } = outcome
      const place = `${position.partition}/${position.offset}`
      if (position.offset >= (ends.get(position.partition) ?? 0)) counts.elsewhere++
      // the dispatcher may have given up on a record twice
      else if (isOpen(ledger.get(position.partition), position.offset) && !closed.has(place)) {
        closed.add(place)
        outcomes.push(outcome)
      }
    }
    for (let at = 0; at < outcomes.length; at += outcomesPerRound) {
      const some = outcomes.slice(at, at + outcomesPerRound)
      await store.account(some)
      counts.notInStore += await countAbsent(store, some)
    }
    done += offsets
    onProgress(done, all)
  }
  return { ...counts, closed: closed.size }
}

const endsOf = async (admin: Admin, topic: string) =>
  new Map((await kafkaRangesOf(admin, topic)).map(({ partition, end }) => [partition, end]))

async function countAbsent(
  { getDeadLetter }: ReportOptions['store'],
  outcomes: readonly WrittenOutcome[],
): Promise<number> {
  const found = await Promise.all(outcomes.map(({ tenant, deadLetter }) => getDeadLetter(tenant, deadLetter ?? '')))
  return found.filter((one) => !one).length
}
