import type { FrozenRequest } from './frozen-request.ts'
import { cloudEvents } from './requests/cloud-events.ts'
import { hostile } from './requests/hostile.ts'
import { ingest } from './requests/ingest.ts'
import { invalid } from './requests/invalid.ts'
import { lists } from './requests/lists.ts'
import { malformed } from './requests/malformed.ts'
import { operations } from './requests/operations.ts'
import { origin } from './requests/origin.ts'
import { pages } from './requests/pages.ts'
import { persist } from './requests/persist.ts'
import { query } from './requests/query.ts'
import { raw } from './requests/raw.ts'

/** The order matters, because later requests read what earlier ones wrote. */
export const requests: readonly FrozenRequest[] = [
  ...ingest,
  ...invalid,
  ...cloudEvents,
  ...persist,
  ...lists,
  ...query,
  ...malformed,
  ...operations,
  ...pages,
  ...origin,
  ...hostile,
  ...raw,
]
