import { summarize, toRanges } from '@activity-log/shared/ledger-summary.ts'
import { expect, test } from 'vitest'
import { compare } from './compare.ts'
import { reportJson, reportText } from './report-text.ts'

const none = { read: 0, closed: 0, notInStore: 0, withoutPosition: 0, elsewhere: 0 }
const summary = summarize(0, toRanges([3, 4, 7].map((offset) => ({ offset, outcome: 'stored' }))), false)
const report = {
  topic: 'activities',
  deadLetterTopic: 'dead',
  comparisons: [compare({ partition: 0, first: 2, end: 10 }, 10, summary)],
  hasUncountedPartitions: false,
  deadLetters: { ...none, read: 2, closed: 1 },
  abandoned: 0,
}

test('shows for each partition what Kafka has, what is known, and each open range', () => {
  const text = reportText(report)
  expect(text).toMatch(/^ +0 +2\.\.10 +3\.\.8 +0\.\.0 +3 +0 +0 +0 +0 +3 +2 +2$/m)
  expect(text).toContain('Partition 0, missing: 2, 5 to 6')
  expect(text).toContain('Partition 0, not delivered: 8 to 9')
  expect(text).toContain('Partition 0, gone: 0 to 1')
  expect(text).toContain('2 records in dead: 1 gap closed')
  expect(text).toMatch(/The ledger is not complete\.$/)
})

test('is not complete if there are records in partitions that are not counted', () => {
  const all = toRanges([0, 1].map((offset) => ({ offset, outcome: 'stored' })))
  const comparisons = [compare({ partition: 0, first: 0, end: 2 }, 2, summarize(0, all, false))]
  expect(reportText({ ...report, comparisons })).toMatch(/The ledger is complete\.$/)
  const uncounted = { ...report, comparisons, hasUncountedPartitions: true }
  expect(reportText(uncounted)).toMatch(/activity-log ledger write-off\.\nThe ledger is not complete\.$/)
  expect(JSON.parse(reportJson(uncounted))).toMatchObject({ complete: false, hasUncountedPartitions: true })
})

test('prints the same as JSON', () => {
  expect(JSON.parse(reportJson(report))).toMatchObject({
    complete: false,
    topic: 'activities',
    deadLetters: { closed: 1 },
    partitions: [
      {
        partition: 0,
        kafka: { first: 2, end: 10 },
        last: 7,
        counts: { stored: 3 },
        missing: [
          { from: 2, to: 2 },
          { from: 5, to: 6 },
        ],
        notDelivered: [{ from: 8, to: 9 }],
        gone: [{ from: 0, to: 1 }],
      },
    ],
  })
})
