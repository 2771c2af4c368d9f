import { applyChange, concerns } from './apply-change.ts'
import { type Comparable, comparable, withoutTexts } from './comparable.ts'
import { differencesOf } from './difference.ts'
import type { Exchange } from './exchange.ts'
import type { ExpectedChange } from './expected-change.ts'
import type { Answer } from './frozen-answer.ts'
import type { FrozenRequest } from './frozen-request.ts'

export type Difference = { request: string; way: string; member: string; expected: unknown; found: unknown }
export type Comparison = { differences: Difference[]; happened: Set<ExpectedChange> }
export type CompareOptions = { way: string; changes: readonly ExpectedChange[]; compareTexts: boolean }

/** Every member in which an answer differs from the recorded one, after the expected changes. */
export function compare(
  recorded: readonly Exchange[],
  found: readonly Exchange[],
  { way, changes, compareTexts }: CompareOptions,
): Comparison {
  const happened = new Set<ExpectedChange>()
  const differences: Difference[] = []
  const differ = (request: string, member: string, expected: unknown, actual: unknown) =>
    differences.push({ request, way, member, expected, found: actual })
  const byName = new Map(found.map((exchange) => [exchange.name, exchange]))
  for (const { name, request, path, answers } of recorded) {
    const now = byName.get(name)
    byName.delete(name)
    if (now?.request !== request) differ(name, 'request', request, now?.request)
    const concerning = changes.filter((change) => concerns(change, name, way))
    const shown = (answer: Answer) => {
      const value = comparable(answer, /\bopenapi/.test(name))
      return compareTexts ? value : (withoutTexts(value) as Comparable)
    }
    const counted = concerning.find(({ member }) => member === 'answers')
    if (now && counted && 'to' in counted && differencesOf(counted.from, answers.map(shown)).length === 0) {
      happened.add(counted)
      for (const { member, ...values } of differencesOf(counted.to, now.answers.map(shown)))
        differ(name, `answers${member}`, values.expected, values.found)
      continue
    }
    if (now && now.answers.length !== answers.length) differ(name, 'answers', answers.length, now.answers.length)
    for (const change of concerning) if (change.member === 'path' && now && now.path !== path) happened.add(change)
    for (const [index, answer] of answers.entries()) {
      const answered = now?.answers[index]
      if (!answered) continue
      const before = shown(answer)
      const after = shown(answered)
      let expected: unknown = before
      for (const change of concerning) {
        const applied = applyChange(change, expected)
        expected = applied.expected
        if (applied.isApplied && differencesOf(before, after).length > 0) happened.add(change)
      }
      for (const { member, ...values } of differencesOf(expected, after))
        differ(name, member, values.expected, values.found)
    }
  }
  for (const { name } of byName.values()) differ(name, 'request', 'not recorded', 'asked')
  return { differences, happened }
}

/** The current path of a request. */
export function redirected({ name, path }: FrozenRequest, way: string, changes: readonly ExpectedChange[]): string {
  let changed = path
  for (const change of changes) {
    if (change.member !== 'path' || 'renamed' in change || !concerns(change, name, way)) continue
    changed = changed.replace(change.from as string | RegExp, change.to as string)
  }
  return changed
}
