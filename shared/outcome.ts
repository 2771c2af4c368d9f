/** The ways in which a delivered record can end. */
export const outcomes = ['stored', 'duplicate', 'conflict', 'rejected'] as const
export type Outcome = (typeof outcomes)[number]
