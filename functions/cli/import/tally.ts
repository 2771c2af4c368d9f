import { visible } from '../visible.ts'
import type { Line } from './import-lines.ts'
import type { Result } from './send.ts'

const maxNamed = 20

export type Tally = {
  rejectLine: (number: number, reason: string) => void
  countOutcome: (number: number, outcome: string) => void
  counted: () => number
  /** True if every line is stored or was stored before. */
  isComplete: () => boolean
  summary: () => string
  /** One line of text for each rejected line. */
  rejected: () => string
}

/** Counts what became of each line, and remembers the numbers of those that are not stored. */
export function createTally(unit: 'line' | 'item'): Tally {
  const counts = { stored: 0, duplicate: 0 }
  const conflicts: number[] = []
  const deadLetters: number[] = []
  const pending: number[] = []
  const invalid: number[] = []
  const gone: number[] = []
  const reasons = new Map<number, string>()
  const named = (numbers: readonly number[]) => {
    if (numbers.length === 0) return ''
    const first = numbers.toSorted((a, b) => a - b).slice(0, maxNamed)
    const more = numbers.length > maxNamed ? ` and ${(numbers.length - maxNamed).toLocaleString('en')} more` : ''
    return ` (${unit}${numbers.length === 1 ? '' : 's'} ${first.join(', ')}${more})`
  }
  const count = (number: number, one: string, many = `${one}s`) =>
    `${number.toLocaleString('en')} ${number === 1 ? one : many}`
  return {
    rejectLine(number, reason) {
      invalid.push(number)
      if (reasons.size < maxNamed) reasons.set(number, `  ${unit} ${number}: ${visible(reason)}`)
    },
    countOutcome(number, outcome) {
      if (outcome === 'stored' || outcome === 'duplicate') counts[outcome]++
      else if (outcome === 'conflict') conflicts.push(number)
      else if (outcome === 'pending') pending.push(number)
      else if (outcome === 'erased' || outcome === 'expired') gone.push(number)
      else deadLetters.push(number)
    },
    counted: () => counts.stored + counts.duplicate,
    isComplete: () => [conflicts, deadLetters, pending, invalid, gone].every(({ length }) => length === 0),
    summary: () =>
      [
        `${counts.stored.toLocaleString('en')} stored`,
        count(counts.duplicate, 'duplicate'),
        count(conflicts.length, 'conflict') + named(conflicts),
        `${invalid.length.toLocaleString('en')} invalid${named(invalid)}`,
        count(deadLetters.length, 'dead letter') + named(deadLetters),
        ...(gone.length > 0 ? [`${gone.length.toLocaleString('en')} erased or expired${named(gone)}`] : []),
        ...(pending.length > 0 ? [`${pending.length.toLocaleString('en')} not known yet${named(pending)}`] : []),
      ].join(', '),
    rejected() {
      const inOrder = [...reasons].sort(([a], [b]) => a - b).map(([, reason]) => reason)
      return [...inOrder, ...(invalid.length > maxNamed ? ['  …'] : [])].join('\n')
    },
  }
}

export function reasonOf({ errors }: Result): string {
  const reasons = errors?.map(({ pointer, detail }) => `${pointer.replace(/^\/\d+/, '') || 'it'} ${detail}`)
  // the log counts the lines within a request, so its line numbers mean nothing here
  return reasons?.map(withoutLines).join('; ') ?? 'rejected'
}

const withoutLines = (reason: string) =>
  reason.replace(/ \(line \d+\)$/, '').replace(/ at line \d+, column /, ' at column ')

export const isToSend = (line: Line): line is Line & { bytes: Uint8Array } => 'bytes' in line
