import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import { utf8 } from '@activity-log/shared/cloud-event.ts'
import { decodeCursor } from '@activity-log/shared/cursor.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { linkFrom } from '@activity-log/shared/http/named-tenant.ts'
import { type Parameters, readParameters, refuseParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { deadLetterFilterDigest as digestOf, isDeadLetterKey } from '@activity-log/shared/store/dead-letter-id.ts'
import {
  type DeadLetterFilter,
  deadLetterReasons,
  deadLetterStates,
  type FoundDeadLetter,
  type KeptDeadLetter,
} from '@activity-log/shared/store/dead-letters.ts'
import type { ForTenant } from '@activity-log/shared/store/tenant-reader.ts'
import { toMs } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'
import type { DeadLetterAnswer, DeadLetterSummary, DeadLettersAnswer } from './answers.ts'
import type { Part } from './find-bounded.ts'
import { fromStore, type Hold } from './from-store.ts'
import { findPage, linkHeader, type Place, pageLinks } from './page.ts'
import { CursorText, errorsOf, Instant, oneOf, WholeNumber } from './parameter-schemas.ts'
import type { RowRoom } from './row-room.ts'

export type DeadLettersDependencies = { forTenant: ForTenant; inRowRoom: RowRoom }

/** Lists dead letters, newest first, and shows single ones. */
export function deadLetterRoutes({ forTenant, inRowRoom }: DeadLettersDependencies): Routes {
  return {
    'GET /dead-letters': { scope: 'operate', handle: list },
    'GET /dead-letters/:id': { scope: 'operate', handle: one },
  }

  async function list(request: ServiceRequest): Promise<Answer> {
    const { url, caller, turn, gone } = request
    const parsed = readRequest(url, caller.tenant)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    const { parameters, filter, limit, place } = parsed.value
    const reader = forTenant(caller.tenant, { also: caller.system, gone })
    const find =
      (hold: Hold) =>
      async ({ skip: _skip, withinMs: _ms, ...part }: Part) => {
        const found = await reader.findDeadLetters({ filter, ...part })
        hold(found.reduce((sum, { deadLetter }) => sum + deadLetter.body.length, 0))
        await turn()
        return { found }
      }
    const page = await fromStore(() =>
      inRowRoom((hold) => findPage(find(hold), { order: 'desc', limit, place }, sizeOf), request),
    )
    const { cursor: _cursor, ...repeated } = parameters
    const all = pageLinks((search) => linkFrom(request, `/dead-letters${search}`), repeated, digestOf(filter), page)
    // a page beyond the end has no row to go back from, and no page number to go back to
    const links = page.found.length > 0 ? all : { ...all, previous: all.previous && all.first }
    const data = page.found.map(({ deadLetter }) => summaryOf(deadLetter, request))
    const body: DeadLettersAnswer = {
      data,
      limit,
      ...(page.isTruncated && { truncated: true as const }),
      next: links.next,
      previous: links.previous,
    }
    return { status: 200, headers: { Link: linkHeader(links) }, body }
  }

  async function one(request: ServiceRequest): Promise<Answer> {
    const { url, caller, parameters } = request
    refuseParameters(url)
    const { id = '' } = parameters
    const letter = await fromStore(() => forTenant(caller.tenant, { also: caller.system }).getDeadLetter(id))
    if (!letter) throw new Problem('not-found', 'There is no dead letter with this id; GET /dead-letters lists them.')
    const { headers } = letter
    const body: DeadLetterAnswer = { ...summaryOf(letter, request), headers, body: bodyOf(letter) }
    return { status: 200, body }
  }
}

/** The original bytes of a page may take this many times as much memory as its answer. */
const bodiesPerAnswer = 16

/** The list does not show the original bytes, but they are read, too. */
const sizeOf = ({ deadLetter: { body, errors } }: FoundDeadLetter) =>
  body.length / bodiesPerAnswer + JSON.stringify(errors).length + 500

export const DeadLettersParameters = v.object({
  limit: v.optional(v.pipe(WholeNumber(1000), v.description('The number of rows on a page')), '10'),
  cursor: v.optional(CursorText),
  reason: v.optional(v.pipe(oneOf(deadLetterReasons), v.description('Why the record could not be saved'))),
  topic: v.optional(v.pipe(v.string(), v.description('The topic of the record'))),
  from: v.optional(v.pipe(Instant, v.description('Only dead letters that first arrived at or after this time'))),
  to: v.optional(v.pipe(Instant, v.description('Only dead letters that first arrived before this time'))),
  state: v.optional(
    v.pipe(
      oneOf([...deadLetterStates, 'all']),
      v.description('Only dead letters in this state; all shows every state'),
    ),
    'open',
  ),
})

/** Dead letters arrive in whole milliseconds, so the bounds of a time range are rounded up to the next one. */
const almostOneMs = 999_999n

type DeadLettersRequest = { parameters: Parameters; filter: DeadLetterFilter; limit: number; place: Place }

function readRequest(url: string, tenant: string): Checked<DeadLettersRequest> {
  const { parameters, errors } = readParameters(url, Object.keys(DeadLettersParameters.entries))
  const parsed = v.safeParse(DeadLettersParameters, parameters)
  errors.push(...errorsOf(parsed.issues))
  if (!parsed.success) return invalid(...errors)
  const { limit, cursor: cursorText, reason, topic, from, to, state } = parsed.output
  const filter: DeadLetterFilter = {
    tenant,
    ...(reason !== undefined && { reason }),
    ...(topic !== undefined && { topic }),
    ...(from !== undefined && { from: toMs(from + almostOneMs) }),
    ...(to !== undefined && { to: toMs(to + almostOneMs) }),
    ...(state !== 'all' && { state }),
  }
  if (from !== undefined && to !== undefined && from > to)
    errors.push({ pointer: 'to', detail: 'must not be earlier than from' })
  const cursor = cursorText === undefined ? undefined : decodeCursor(cursorText, digestOf(filter), isDeadLetterKey)
  if (typeof cursor === 'string') errors.push({ pointer: 'cursor', detail: cursor })
  if (errors.length > 0 || typeof cursor === 'string') return invalid(...errors)
  return valid({ parameters, filter, limit, place: cursor ? { cursor } : { page: 1 } })
}

function summaryOf(letter: KeptDeadLetter, request: ServiceRequest): DeadLetterSummary {
  const { id, reason, topic, position, errors, attempts, activityId } = letter
  const { recordedAt, firstPosition, firstAt, lastAt, resolution } = letter
  return {
    id,
    state: resolution?.state ?? 'open',
    reason,
    errors,
    ...(activityId !== undefined && { activityId }),
    topic,
    position,
    ...(firstPosition && { firstPosition }),
    ...(recordedAt && { recordedAt: recordedAt.toISOString() }),
    firstAt: firstAt.toISOString(),
    lastAt: lastAt.toISOString(),
    attempts,
    ...(resolution && { resolution: { ...resolution, at: resolution.at.toISOString() } }),
    links: { self: linkFrom(request, `/dead-letters/${id}`) },
  }
}

/** The original bytes, and also their text if they are valid UTF-8. */
function bodyOf({ body }: KeptDeadLetter) {
  const text = utf8(body)
  return { base64: Buffer.from(body).toString('base64'), ...(text !== undefined && { text }) }
}
