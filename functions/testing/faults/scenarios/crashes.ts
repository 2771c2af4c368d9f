import { crashing, nothing, put } from './plans.ts'
import { afterOutcome, deadLettering, positions, retries, sameIdAgain } from './safeguards.ts'
import { real, type Scenario } from './scenario.ts'

export const ofCrashes: readonly Scenario[] = [
  real({
    name: 'crash-before-publish',
    rows: [13],
    safeguard: sameIdAgain,
    setup: crashing('ingest', 'ingest:before-publish', 3, 60),
    plan: nothing,
  }),
  real({
    name: 'crash-after-publish',
    rows: [5],
    safeguard: sameIdAgain,
    setup: crashing('ingest', 'ingest:after-publish', 3, 60),
    plan: nothing,
    short: true,
  }),
  real({
    name: 'crash-in-the-middle-of-an-answer',
    rows: [5],
    safeguard: sameIdAgain,
    setup: crashing('ingest', 'http:mid-answer', 3, 200),
    plan: nothing,
  }),
  real({
    name: 'crash-before-insert',
    rows: [23],
    safeguard: retries,
    setup: crashing('persist', 'persist:before-insert', 2, 30),
    plan: nothing,
  }),
  real({
    name: 'crash-after-insert',
    rows: [23],
    safeguard: positions,
    setup: crashing('persist', 'persist:after-insert', 2, 30),
    plan: nothing,
  }),
  real({
    name: 'crash-after-saving-dead-letter',
    rows: [23, 28],
    safeguard: deadLettering,
    load: { conflicts: 0.1 },
    setup: crashing('persist', 'persist:after-dead-letter', 2, 20),
    plan: put('poison'),
  }),
  real({
    name: 'crash-after-outcome',
    rows: [23, 19],
    safeguard: deadLettering,
    // these are so few activities that the reader asks for every receipt
    load: { events: 300, seconds: 8, conflicts: 0.5 },
    setup: crashing('persist', 'persist:after-outcome', 2, 8),
    plan: nothing,
  }),
  real({
    name: 'crash-before-saving-dead-letter',
    rows: [23, 28],
    safeguard: deadLettering,
    load: { conflicts: 0.1 },
    setup: crashing('persist', 'persist:before-dead-letter', 2, 20),
    plan: put('poison'),
  }),
  real({
    name: 'crash-before-delivery',
    rows: [24],
    safeguard: afterOutcome,
    setup: crashing('source', 'dispatcher:before-post', 10, 800),
    plan: nothing,
  }),
  real({
    name: 'crash-after-answer',
    rows: [24],
    safeguard: positions,
    setup: crashing('source', 'dispatcher:after-answer', 10, 800),
    plan: nothing,
  }),
  real({
    name: 'crash-before-commit',
    rows: [24],
    safeguard: positions,
    setup: crashing('source', 'dispatcher:before-commit', 1, 1),
    plan: nothing,
  }),
  real({
    name: 'crash-after-commit',
    rows: [24],
    safeguard: afterOutcome,
    setup: crashing('source', 'dispatcher:after-commit', 1, 1),
    plan: nothing,
  }),
  real({
    name: 'crash-after-dead-letter',
    rows: [24, 28],
    safeguard: deadLettering,
    setup: crashing('source', 'dispatcher:after-dead-letter', 1, 1),
    plan: put('poison'),
  }),
]
