/** What became of a record. */
export const fates = ['stored', 'duplicate', 'conflict', 'refused'] as const
export type Fate = (typeof fates)[number]
