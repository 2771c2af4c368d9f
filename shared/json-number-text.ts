import type { InputError } from './checked.ts'
import { numberIn } from './json-faults.ts'

const text: unique symbol = Symbol('text')

/** A number that a double does not hold, with its digits. */
export type NumberText = { readonly text: string; readonly [text]: true }

export const isNumberText = (value: unknown): value is NumberText =>
  typeof value === 'object' && value !== null && text in value

/**
 * Puts its digits in the place of each number that the faults are about, in a value that was parsed just now. A reviver
 * would know the digits of all numbers, but calling it for every value of a large text takes a second.
 */
export function restoreDigits(value: unknown, faults: readonly InputError[]): void {
  for (const fault of faults) {
    const digits = numberIn(fault)
    if (digits === undefined) continue
    const steps = fault.pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    const name = steps.pop() ?? ''
    const parent = steps.slice(1).reduce(memberOf, value)
    // a pointer that would be too long leads to something around the number
    if (typeof memberOf(parent, name) === 'number') (parent as Parent)[name] = { text: digits, [text]: true }
  }
}

type Parent = { [name: string]: unknown }

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Parent)[name] : undefined
