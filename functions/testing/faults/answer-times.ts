import type { Attempt, Read } from './history.ts'

/** How long answers took, in milliseconds: half of them less than `p50`, all but one in a hundred less than `p99`. */
export type AnswerTimes = { p50: number; p99: number; max: number }

type Asked = { sentAt: number; endedAt: number }

/** Half of no answers, and all of them, took no time. */
export function answerTimes(asked: readonly Asked[]): AnswerTimes {
  const sorted = asked.map(({ sentAt, endedAt }) => endedAt - sentAt).toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** What honest clients waited for: the answers to their activities, and the newest page. */
export const honestTimes = ({ attempts, reads }: { attempts: readonly Attempt[]; reads: readonly Read[] }) => ({
  posts: answerTimes(attempts),
  pages: answerTimes(reads.filter((read) => read.of === 'page')),
})
