/** What became of a record. */
export const outcomes = ['stored', 'duplicate', 'conflict', 'rejected'] as const
export type Outcome = (typeof outcomes)[number]
