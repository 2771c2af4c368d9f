import type { Acts } from '@activity-log/shared/access/acts.ts'
import { aVisibleCharacter } from '@activity-log/shared/activity.ts'
import type { ActivityRecorded } from '@activity-log/shared/activity-recorded.ts'
import type { Checked, InputError } from '@activity-log/shared/checked.ts'
import { createFairLock } from '@activity-log/shared/fair-lock.ts'
import { readText } from '@activity-log/shared/http/body.ts'
import { ownerOf } from '@activity-log/shared/http/caller.ts'
import { linkFrom, linkOf } from '@activity-log/shared/http/named-tenant.ts'
import { refuseParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { parseJson } from '@activity-log/shared/json.ts'
import type { KeptDeadLetter } from '@activity-log/shared/store/dead-letters.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { systemTenant } from '@activity-log/shared/tenant.ts'
import { within } from '@activity-log/shared/within.ts'
import * as v from 'valibot'
import type { Replayed } from './answers.ts'
import { operatingPageRoutes } from './operate-page.ts'
import { orUnavailable } from './or-unavailable.ts'
import { hasOtherContent, hasTakenKey } from './record-errors.ts'
import { firstPositionOf, nameOfCorrection, readAgain, readCorrected } from './replay.ts'

export type OperateDependencies = {
  store: Pick<ActivityStore, 'save' | 'deadLetter' | 'getDeadLetter' | 'resolve'>
  now: () => Date
  timeoutMs: number
  acts: Acts
  isSuspended?: ((tenant: string) => boolean) | undefined
}

const maxBodyBytes = 256 * 1024
const maxNoteCharacters = 1000

/** The body of a discard, which says why the dead letter is not needed. */
export const Discard = v.strictObject(
  {
    note: v.pipe(
      v.string('must be text'),
      v.trim(),
      v.check((text) => text !== '', 'must not be empty'),
      v.maxLength(maxNoteCharacters, `must be at most ${maxNoteCharacters} characters`),
      v.metadata({ minLength: 1, pattern: aVisibleCharacter }),
      v.examples(['a test']),
    ),
  },
  'must be {"note": "the reason"}',
)

/** The routes for operators, who replay a dead letter, as it is or corrected, or discard it. Both are idempotent. */
export function operatingRoutes({ store, now, timeoutMs, isSuspended, acts }: OperateDependencies): Routes {
  const turnToChange = createFairLock()
  return {
    'POST /dead-letters/:id/replay': {
      scope: 'operate',
      handle: async (request) => ({ status: 200, body: await replay(request, readJsonText) }),
      timeoutMs,
    },
    'DELETE /dead-letters/:id': {
      scope: 'operate',
      async handle(request) {
        await discard(request, async () => readNote(await readJsonText(request)))
        return { status: 204 }
      },
      timeoutMs,
    },
    ...operatingPageRoutes({
      replay: (request) => replay(request, asItIs),
      discard: (request, note) => discard(request, async () => checkNote({ note })),
      timeoutMs,
    }),
  }

  async function replay(
    request: ServiceRequest,
    readCorrection: (request: ServiceRequest) => Promise<string>,
  ): Promise<Replayed> {
    rejectDiscarded(await readLetter(request))
    const text = await readCorrection(request)
    // a body may arrive slowly, and somebody else may have acted meanwhile
    const letter = await readLetter(request)
    rejectDiscarded(letter)
    const { tenant, system } = request.caller
    // what belongs to no tenant becomes an activity of whoever corrects it
    const owner = letter.tenant === system ? tenant : letter.tenant
    if (text !== '' && owner === systemTenant) throw invalidInput([belongsToNobody])
    const corrected = text === '' ? undefined : readCorrected(text, { ...letter, tenant: owner })
    if (corrected && !corrected.ok) throw invalidInput(corrected.errors)
    const event = corrected ?? readAgain(letter)
    const rejectSuspended = () => {
      if (isSuspended?.(event.ok ? event.value.tenant : letter.tenant)) throw suspended
    }
    rejectSuspended()
    const said = corrected
      ? { deadLetter: letter.id, as: 'corrected', correction: nameOfCorrection(corrected.value, letter) }
      : { deadLetter: letter.id, as: 'it was' }
    await acts.record(request.caller, 'replay', said, event.ok ? event.value.tenant : undefined)
    return inTurn(request, async () => {
      // others may have acted while it waited for its turn
      rejectSuspended()
      rejectDiscarded(await readLetter(request))
      return save(request, letter, event)
    })
  }

  async function save(
    request: ServiceRequest,
    letter: KeptDeadLetter,
    event: Checked<ActivityRecorded>,
  ): Promise<Replayed> {
    const { id } = letter
    if (!event.ok) {
      await orUnavailable(store.deadLetter([{ ...letter, at: now() }]))
      return { id, outcome: 'rejected', errors: event.errors }
    }
    const activityId = event.value.activity.id
    const path = `/logs/${encodeURIComponent(activityId)}`
    const links = {
      // what belonged to no tenant does now
      activity: request.basePath + (request.caller.isNamed ? linkOf(path, event.value.tenant) : path),
      deadLetter: linkFrom(request, `/dead-letters/${id}`),
    }
    const saved = await orUnavailable(store.save([{ ...event.value, position: firstPositionOf(letter) }]))
    const outcome = saved[0] as (typeof saved)[number]
    if (outcome === 'conflict' || outcome === 'key-taken') {
      await orUnavailable(store.deadLetter([{ ...letter, at: now() }]))
      if (outcome === 'conflict') return { id, outcome, errors: [hasOtherContent], links }
      return { id, outcome: 'rejected', errors: [hasTakenKey] }
    }
    // after a crash before this step the dead letter is still open, and the next replay finds a duplicate
    await orUnavailable(store.resolve(letter.tenant, id, { state: 'replayed', outcome, at: now() }))
    request.log.info({ deadLetter: id, activityId, outcome }, 'a dead letter was replayed')
    return { id, outcome, links }
  }

  async function discard(request: ServiceRequest, read: () => Promise<string>): Promise<void> {
    await readLetter(request)
    const note = await read()
    // the body may have arrived slowly, and somebody else may have acted meanwhile
    const letter = await readLetter(request)
    rejectReplayed(letter)
    await acts.record(request.caller, 'discard', { deadLetter: letter.id, note })
    await inTurn(request, () =>
      orUnavailable(store.resolve(letter.tenant, letter.id, { state: 'discarded', note, at: now() })),
    )
    rejectReplayed(await readLetter(request))
    request.log.info({ deadLetter: letter.id, note }, 'a dead letter was discarded')
  }

  /**
   * Lets one replay or discard change the store at a time, and tenants take turns: it takes as long as hundreds of
   * deliveries, which are saved together, so many of one tenant would keep the activities of all others waiting.
   */
  async function inTurn<Result>(
    { caller, gone, whyNoLonger }: ServiceRequest,
    change: () => Promise<Result>,
  ): Promise<Result> {
    const lateAt = performance.now() + timeoutMs
    // a tenant with many does not keep operators from looking after it
    const release = await turnToChange(ownerOf(caller))
    try {
      if (gone().aborted || performance.now() >= lateAt) throw unavailable('Nobody waits for this any more.')
      const problem = whyNoLonger()
      if (problem) throw problem
      return await within(timeoutMs, change(), 'The store did not answer')
    } finally {
      // what arrived meanwhile comes first
      setImmediate(release)
    }
  }

  async function readLetter({ url, parameters, caller }: ServiceRequest): Promise<KeptDeadLetter> {
    refuseParameters(url)
    const { id = '' } = parameters
    const { tenant, system } = caller
    const letter =
      (await orUnavailable(store.getDeadLetter(tenant, id))) ??
      (system && (await orUnavailable(store.getDeadLetter(system, id))))
    if (!letter) throw new Problem('not-found', 'There is no dead letter with this id; GET /dead-letters lists them.')
    return letter
  }
}

const suspended = new Problem('suspended', 'The tenant is suspended, so nothing is stored for it.')

const asItIs = () => Promise.resolve('')

const belongsToNobody: InputError = {
  pointer: '',
  detail:
    'belongs to no tenant, so it cannot be corrected; POST the activity to /logs for its tenant, and discard this',
}

function rejectDiscarded({ resolution }: KeptDeadLetter) {
  if (resolution?.state !== 'discarded') return
  throw new Problem(
    'conflict',
    `The dead letter was discarded (${resolution.note}) and cannot be replayed. POST the activity to /logs instead.`,
  )
}

function rejectReplayed({ resolution }: KeptDeadLetter) {
  if (resolution?.state !== 'replayed') return
  throw new Problem('conflict', `The dead letter was replayed (${resolution.outcome}) and cannot be discarded.`)
}

/** Reads the reason for a discard. Throws a 400 if there is none. */
function readNote(text: string): string {
  const json = parseJson(text === '' ? 'null' : text)
  if (!json.ok) throw invalidInput([{ pointer: '', detail: json.detail }])
  return checkNote(json.value, json.lossy)
}

function checkNote(body: unknown, lossy: readonly InputError[] = []): string {
  const parsed = v.safeParse(Discard, body)
  if (parsed.success && lossy.length === 0) return parsed.output.note
  const issues = (parsed.issues ?? []).map(({ path, message }) => ({
    pointer: path?.map(({ key }) => `/${String(key)}`).join('') ?? '',
    detail: message,
  }))
  throw invalidInput([...lossy, ...issues])
}

/** Returns an empty text if there is no body. Throws a 415 for a body of another type. */
async function readJsonText(request: ServiceRequest): Promise<string> {
  const text = await readText(request, maxBodyBytes)
  // many bodies may have arrived at the same time, and parsing one may take milliseconds
  await request.turn()
  const type = request.header('content-type')
  if (text === '' || /^application\/json\s*(;|$)/i.test(type ?? '')) return text
  throw new Problem('unsupported-media-type', 'The body must be JSON; send it with content-type: application/json.', {
    headers: { accept: 'application/json' },
  })
}
