import type { Position } from './receipt.ts'

/** A delivery that has failed and waits for its next attempt. */
export type WaitingDelivery = { position: Position; since: Date; attempts: number; nextAttempt: Date; reason: string }

/** `first` has the deliveries that have waited longest. */
export type WaitingDeliveries = { count: number; first: readonly WaitingDelivery[] }
