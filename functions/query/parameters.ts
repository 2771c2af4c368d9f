import { type Receipt, readReceipt } from '@activity-log/shared/receipt.ts'
import { parseTimestamp } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'

export const WholeNumber = (most: number) =>
  v.pipe(
    v.string(),
    v.check((text) => /^[1-9]\d{0,9}$/.test(text) && Number(text) <= most, `must be a whole number from 1 to ${most}`),
    v.transform(Number),
  )

export const Instant = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseTimestamp(dataset.value)
    if (typeof parsed !== 'string') return parsed.ms
    const isPlusLost = / \d{2}:\d{2}$/.test(dataset.value)
    addIssue({ message: isPlusLost ? 'has a space where its offset begins: in a URL, + is written %2B' : parsed })
    return NEVER
  }),
)

const longestWaitS = 30

/** Seconds. */
export const Wait = WholeNumber(longestWaitS)

export const ReceiptText = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): Receipt => {
    const receipt = readReceipt(dataset.value)
    if (typeof receipt !== 'string') return receipt
    addIssue({ message: receipt })
    return NEVER
  }),
)

export const oneOf = <const Name extends string>(names: readonly Name[]) =>
  v.picklist(names, `must be one of ${names.join(', ')}`)
