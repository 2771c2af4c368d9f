/** What became of a record. */
export const outcomes = ['stored', 'duplicate', 'conflict', 'refused'] as const
export type Outcome = (typeof outcomes)[number]
