import { hash } from 'node:crypto'
import type { DeadLetter } from './store.ts'

/**
 * The same for a dead letter that arrives again, whatever the store. The reason stands in it because what the dispatcher
 * gave up on comes from another topic, whose positions are counted anew.
 */
export function deadLetterId({ reason, position, body }: DeadLetter): string {
  const { partition, offset } = position
  return hash('sha256', Buffer.concat([Buffer.from(`${reason}/${partition}/${offset}/`), body]), 'hex').slice(0, 32)
}
