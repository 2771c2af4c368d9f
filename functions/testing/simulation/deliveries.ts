import type { Position } from '@activity-log/shared/receipt.ts'

/** What became of the records of one topic, as the dispatchers were told. */
export type Deliveries = {
  /** A sink's answer to a delivery; 0 where there was none. */
  answered(position: Position, status: number): void
  answers(position: Position): readonly number[]
  /** The topic for dead letters has it. */
  deadLettered(position: Position): void
  hasOutcome(position: Position): boolean
}

const nameOf = ({ partition, offset }: Position) => `${partition}/${offset}`

export function createDeliveries(): Deliveries {
  const statuses = new Map<string, number[]>()
  const done = new Set<string>()
  return {
    answered(position, status) {
      const name = nameOf(position)
      statuses.set(name, [...(statuses.get(name) ?? []), status])
      if (status >= 200 && status < 300) done.add(name)
    },
    answers: (position) => statuses.get(nameOf(position)) ?? [],
    deadLettered: (position) => void done.add(nameOf(position)),
    hasOutcome: (position) => done.has(nameOf(position)),
  }
}
