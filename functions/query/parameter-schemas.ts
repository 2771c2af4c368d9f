import type { InputError } from '@activity-log/shared/checked.ts'
import { type Receipt, readReceipt } from '@activity-log/shared/receipt.ts'
import { parseTimestamp } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'

export const WholeNumber = (max: number) =>
  v.pipe(
    v.string(),
    v.check((text) => /^[1-9]\d{0,9}$/.test(text) && Number(text) <= max, `must be a whole number from 1 to ${max}`),
    v.transform(Number),
    v.metadata({ type: 'integer', minimum: 1, maximum: max }),
  )

export const Instant = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseTimestamp(dataset.value)
    if (typeof parsed !== 'string') return parsed.nanoseconds
    const isPlusLost = / \d{2}:\d{2}$/.test(dataset.value)
    addIssue({ message: isPlusLost ? 'has a space before its offset; in a URL, write + as %2B' : parsed })
    return NEVER
  }),
  v.metadata({ format: 'date-time', maxLength: 64, examples: ['2024-01-15T10:00:00Z'] }),
)

const maxWaitS = 30

/** A time in seconds. */
export const Wait = v.pipe(WholeNumber(maxWaitS), v.description('How many seconds to wait for the record'))

export const ReceiptText = v.pipe(
  v.string('must be text'),
  v.rawTransform(({ dataset, addIssue, NEVER }): Receipt => {
    const receipt = readReceipt(dataset.value)
    if (typeof receipt !== 'string') return receipt
    addIssue({ message: receipt })
    return NEVER
  }),
  v.metadata({ pattern: '^[A-Za-z0-9_-]{24}$' }),
  v.description('The receipt of a record, from the answer of POST /logs'),
)

export const CursorText = v.pipe(
  v.string(),
  v.description('A place from next or previous; it is valid only with the same filters and order'),
)

export const OrderName = v.pipe(
  v.picklist(['desc', 'asc'], 'must be desc or asc'),
  v.description('By timestamp; desc lists the newest first'),
)

export const oneOf = <const Name extends string>(names: readonly Name[]) =>
  v.picklist(names, `must be one of ${names.join(', ')}`)

/**
 * The errors in parameters, by their names. An error of the object itself means that a required parameter, which is one
 * of `entries`, is missing.
 */
export const errorsOf = (issues: readonly v.BaseIssue<unknown>[] = [], entries: v.ObjectEntries = {}): InputError[] =>
  issues.map(({ path, type, message }) => {
    const name = String(path?.[0]?.key)
    return { pointer: name, detail: type === 'object' ? isRequired(entries[name]) : message }
  })

function isRequired(schema: v.ObjectEntries[string] | undefined): string {
  if (!schema || !('options' in schema)) return 'is required'
  return `is required: ${choices().format(schema.options as readonly string[])}`
}
/** Made when it is needed, since loading the words of a language takes milliseconds of a start. */
const choices = () => new Intl.ListFormat('en', { type: 'disjunction' })
