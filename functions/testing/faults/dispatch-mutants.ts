import type { Mutant } from './mutant.ts'

const dispatcher = 'shared/dispatch/embedded-dispatcher.ts'

/** Safeguards between the queue and persist, in both dispatchers. */
export const dispatchMutants: readonly Mutant[] = [
  {
    name: 'commit-after-outcome',
    safeguard: 'The dispatcher commits only records that have an outcome',
    breaks: 'activities acknowledged with a 202 are found',
    in: ['source'],
    fault: 'kill',
    shownBy:
      'stop persist, post, wait until the offset is committed, kill the dispatcher, start both: the activity is never found',
    edits: [
      {
        file: 'functions/kafka-source/take.ts',
        find: 'partition.progress.taken(record.offset)',
        replace: 'partition.progress.taken(record.offset)\n        partition.progress.finished(record.offset)',
      },
    ],
  },
  {
    name: 'settle-after-delivery',
    safeguard: 'The embedded dispatcher settles only records that have an outcome',
    breaks: 'activities acknowledged with a 202 are found',
    in: ['log'],
    fault: 'kill',
    shownBy: 'post with CRASH_AT=store:before-save-commit, start again: the activity is never found',
    edits: [
      {
        file: dispatcher,
        find: 'const request = sinkRequest({ ...position, headers, value }, source)',
        replace:
          'queue.settle([position.offset])\n    const request = sinkRequest({ ...position, headers, value }, source)',
      },
    ],
  },
  {
    name: 'retry-rule',
    safeguard: 'A delivery that is answered 5xx is retried',
    breaks: 'activities acknowledged with a 202 are found',
    in: ['source', 'log'],
    fault: 'store',
    shownBy: 'stop MongoDB, post, wait until the offset is committed, start MongoDB: the activity is never found',
    edits: [
      {
        file: 'shared/dispatch/delivery.ts',
        find: "if (status < 300) return 'delivered'",
        replace: "if (status < 300 || status >= 500) return 'delivered'",
      },
    ],
  },
]
