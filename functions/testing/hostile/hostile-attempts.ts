import { jsonGrammar } from '@activity-log/shared/testing/json-grammar.ts'
import fc from 'fast-check'
import type { Attempt } from './hostile.ts'
import { poisonedMetadata } from './poisoned-metadata.ts'
import { poisonedIds, poisonedNames, rejectedIds, rejectedNames } from './poisoned-names.ts'

const timestamp = '2024-01-15T10:00:00Z'

type Parts = { id: string; userId?: string; action?: string; timestamp?: string; metadata: string }

/** The members are in the order in which the log returns them. */
function textOf({ id, userId = 'u', action = 'a', timestamp: at = timestamp, metadata }: Parts): string {
  const names = [id, userId, action, at].map((text) => JSON.stringify(text))
  return `{"id":${names[0]},"userId":${names[1]},"action":${names[2]},"timestamp":${names[3]},"metadata":${metadata}}`
}

/** Every entry of the poison lists that is an activity. */
export const poisonedActivities: readonly Attempt[] = [
  ...poisonedMetadata.map(({ name, text, rejectedAt }, n) => ({
    name,
    text: textOf({ id: `metadata-${n}`, metadata: text }),
    rejectedAt,
  })),
  ...poisonedNames.map((name, n) => ({
    name,
    text: textOf({
      id: `name-${n}`,
      userId: name,
      action: name,
      metadata: JSON.stringify({ value: name, [name === '_bsontype' ? 'name' : name]: [name] }),
    }),
  })),
  ...poisonedIds.map((id) => ({ name: `the id ${id}`, text: textOf({ id, metadata: '{}' }) })),
  ...rejectedIds.map((id) => ({ name: `the id ${id}`, text: textOf({ id, metadata: '{}' }), rejectedAt: '/id' })),
  ...rejectedNames.flatMap((name, n) =>
    (['userId', 'action'] as const).map((member) => ({
      name: `${member} ${name.slice(0, 10)}`,
      text: textOf({ id: `rejected-${member}-${n}`, [member]: name, metadata: '{}' }),
      rejectedAt: `/${member}`,
    })),
  ),
]

/** The edges of JSON's grammar as the value of a member. */
export const grammarInMetadata: readonly Attempt[] = (['kept', 'changed', 'broken'] as const).flatMap((outcome) =>
  jsonGrammar[outcome].map((json, n) => ({
    name: `${outcome}: ${json}`,
    text: textOf({ id: `grammar-${outcome}-${n}`, metadata: `{"v":${json}}` }),
    rejectedAt: { kept: undefined, changed: '/metadata/v', broken: '' }[outcome],
  })),
)

/** The JSON text of a value, and whether a log can keep the value. */
type Arbitrary = fc.Arbitrary<{ text: string; isKept: boolean }>

const halves = fc.string({ unit: fc.integer({ min: 0xd7ff, max: 0xe000 }).map((code) => String.fromCharCode(code)) })
const anyString = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 4, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: halves },
  { weight: 2, arbitrary: fc.constantFrom(...poisonedNames.filter(({ length }) => length < 50)) },
)
const isText = (text: string) => text.isWellFormed() && !text.includes('\0')
const named = (name: string) => isText(name) && name !== '_bsontype'

const scalars: Arbitrary = fc.oneof(
  anyString.map((value) => ({ text: JSON.stringify(value), isKept: isText(value) })),
  fc
    .constantFrom('null', 'true', 'false', '0', '1.50', '1e5', '5E-324', '1.7976931348623157e308')
    .map((text) => ({ text, isKept: true })),
  fc.constantFrom('-0', '1e400', '9007199254740993', '0.1000000000000000055').map((text) => ({ text, isKept: false })),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => ({ text: JSON.stringify(value), isKept: true })),
  fc.maxSafeInteger().map((value) => ({ text: JSON.stringify(value), isKept: true })),
)

const { value: anyValue, object: anyObject } = fc.letrec<Record<'value' | 'object', { text: string; isKept: boolean }>>(
  (tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalars,
      fc.array(tie('value'), { maxLength: 4 }).map((items) => ({
        text: `[${items.map(({ text }) => text).join()}]`,
        isKept: items.every(({ isKept }) => isKept),
      })),
      tie('object'),
    ),
    object: fc
      .uniqueArray(fc.tuple(anyString, tie('value')), { maxLength: 5, selector: ([name]) => name })
      .map((members) => ({
        text: `{${members.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`).join()}}`,
        isKept: members.every(([name, { isKept }]) => isKept && named(name)),
      })),
  }),
)
void anyValue

const anyName = anyString
  .map((text) => text.trim())
  .filter((text) => text !== '' && [...text].length <= 256 && isText(text))
const anyTimestamp = fc
  .tuple(
    fc.date({ min: new Date('1970-01-02'), max: new Date('2025-12-30'), noInvalidDate: true }),
    fc.stringMatching(/^(\.\d{1,20})?$/),
    fc.constantFrom('Z', 'z', '+00:00', '-00:00', '+05:30', '-23:59', '+23:59'),
    fc.constantFrom('T', 't'),
  )
  .map(([date, fraction, offset, t]) => `${date.toISOString().slice(0, 19).replace('T', t)}${fraction}${offset}`)

/** Any activities; one that cannot be kept is rejected because of its metadata. The prefix makes their ids new. */
export const anyAttempts = (prefix: () => string): fc.Arbitrary<Attempt[]> =>
  fc
    .array(fc.tuple(fc.stringMatching(/^[!-~]{0,100}$/), anyName, anyName, anyTimestamp, anyObject), {
      minLength: 20,
      maxLength: 40,
    })
    .map((activities) => {
      const batch = prefix()
      return activities.map(([id, userId, action, at, { text, isKept }], n) => ({
        name: text,
        text: textOf({ id: `${batch}-${n}-${id}`, userId, action, timestamp: at, metadata: text }),
        rejectedAt: isKept ? undefined : '/metadata',
      }))
    })
