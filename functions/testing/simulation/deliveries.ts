import type { Position } from '@activity-log/shared/receipt.ts'

/** The outcomes of the records of one topic, as the dispatchers learned them. */
export type Deliveries = {
  /** The sink's answer to a delivery; 0 when there was none. */
  answered(position: Position, status: number): void
  answers(position: Position): readonly number[]
  /** The record is on the dead-letter topic. */
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
