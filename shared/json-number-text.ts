import { numberSurvives } from './json-number.ts'

const text: unique symbol = Symbol('text')

/** A number that a double does not hold, with its digits. */
export type NumberText = { readonly text: string; readonly [text]: true }

export const isNumberText = (value: unknown): value is NumberText =>
  typeof value === 'object' && value !== null && text in value

/** Parses valid JSON, and keeps the digits of each number that a double does not hold. */
export function parseWithNumberTexts(json: string): unknown {
  const revive = (_name: string, value: unknown, { source }: { source?: string }) =>
    typeof value !== 'number' || source === undefined || numberSurvives(source, 0, source.length)
      ? value
      : { text: source, [text]: true }
  return JSON.parse(json, revive as (name: string, value: unknown) => unknown)
}
