import { type Checked, firstErrors, invalid, pointerTo, valid } from '@activity-log/shared/checked.ts'
import { createFairRoom } from '@activity-log/shared/fair-room.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { readText } from '@activity-log/shared/http/body.ts'
import { ownerOf } from '@activity-log/shared/http/caller.ts'
import { linkFrom } from '@activity-log/shared/http/named-tenant.ts'
import { parameterOf, readParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, unavailable } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { parseJson } from '@activity-log/shared/json.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import type { RecordOutcome } from '@activity-log/shared/store/ledger.ts'
import { createReadTurns } from '@activity-log/shared/store/read-turns.ts'
import * as v from 'valibot'
import type { ReceiptAnswer } from './answers.ts'
import type { FindOutcome } from './find-outcome.ts'
import { errorsOf, ReceiptText, Wait } from './parameter-schemas.ts'

const maxBodyBytes = 256 * 1024
/** A larger body is read in a turn of the event loop of its own. */
const maxBodyAtOnce = 2 * 1024
/** How many outcomes a request looks up at once. */
const maxLookups = 8
const lookupsPerTurn = 50
/** The receipts of an owner's requests in progress: each takes about 300 bytes, for as long as its request waits. */
const maxInProgress = 100_000
/** A request with so few is always served. */
const fewReceipts = 10

/** Serves the outcomes of records. */
export function receiptRoutes({ findOutcome }: { findOutcome: FindOutcome }): Routes {
  // all requests share them: a slice of each in one turn would still be long
  const turnsOf = createReadTurns()
  const room = createFairRoom(maxInProgress)
  return {
    'GET /receipts/:receipt': { scope: 'read', orScope: 'write', handle: outcome, kind: waitsOrReads },
    'POST /receipts': { scope: 'read', orScope: 'write', handle: outcomes, kind: waitsOrReads },
  }

  async function outcome(request: ServiceRequest): Promise<Answer> {
    const { receipt: text = '' } = request.parameters
    const parsed = readReceiptRequest(request.url, text)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    const { receipt, wait = 0 } = parsed.value
    return { status: 200, body: receiptAnswer(receipt, await findOutcome(receipt, wait, request), request) }
  }

  async function outcomes(request: ServiceRequest): Promise<Answer> {
    const wait = readReceiptsWait(request.url)
    const owner = ownerOf(request.caller)
    const body = await readText(request, maxBodyBytes)
    if (body.length > maxBodyAtOnce) await turnsOf(owner)()
    const texts = readReceipts(body)
    if (texts.length > fewReceipts && !room.hasRoom(owner, texts.length)) throw tooMany()
    room.hold(owner, texts.length)
    try {
      const known = await findAll(
        texts.map(({ receipt }) => receipt),
        wait,
        request,
      )
      const results = texts.map(({ receipt, text }, index) => {
        return { receipt: text, ...receiptAnswer(receipt, known[index], request) }
      })
      return { status: 200, body: { results } }
    } finally {
      room.hold(owner, -texts.length)
    }
  }

  /**
   * Looks up what is not known yet, until everything is or the time is over. It waits for the last one: when that is
   * known, most others are.
   */
  async function findAll(
    receipts: readonly Receipt[],
    waitS: number,
    request: ServiceRequest,
  ): Promise<(RecordOutcome | undefined)[]> {
    const known: (RecordOutcome | undefined)[] = []
    const deadline = performance.now() + waitS * 1000
    let isOver = false
    for (;;) {
      const unknown = [...receipts.keys()].filter((index) => known[index] === undefined)
      const turns = unknown.values()
      const nextTurn = turnsOf(ownerOf(request.caller))
      let count = 0
      let pause: Promise<unknown> | undefined
      const lookUp = async () => {
        for (const index of turns) {
          // a store that answers at once would otherwise answer all of them in one turn
          if (++count % lookupsPerTurn === 0) pause = nextTurn()
          await pause
          known[index] = await findOutcome(receipts[index] as Receipt, 0, request)
        }
      }
      await Promise.all(Array.from({ length: maxLookups }, lookUp))
      const last = unknown.findLast((index) => known[index] === undefined)
      const leftS = (deadline - performance.now()) / 1000
      if (last === undefined || leftS <= 0 || isOver || request.gone().aborted) return known
      known[last] = await findOutcome(receipts[last] as Receipt, leftS, request)
      // when the time is over, or the process stops, others may have become known meanwhile
      isOver = known[last] === undefined
    }
  }
}

const tooMany = () =>
  unavailable('The outcomes of too many records are asked for at a time. Ask again in a moment, or for fewer.')

export const ReceiptsParameters = v.object({ wait: v.optional(Wait) })
export const ReceiptsRequest = v.strictObject(
  {
    receipts: v.pipe(
      v.array(ReceiptText, 'must be an array of receipts'),
      v.minLength(1, 'must hold at least one receipt'),
      v.maxLength(1000, 'must hold at most 1000 receipts'),
    ),
  },
  'must be an object: {"receipts": […]}',
)

function readReceiptsWait(url: string): number {
  const { parameters, errors } = readParameters(url, ['wait'])
  const parsed = v.safeParse(ReceiptsParameters, parameters)
  errors.push(...errorsOf(parsed.issues))
  if (!parsed.success || errors.length > 0) throw invalidInput(errors)
  return parsed.output.wait ?? 0
}

/** Takes an array as well, since that is what the answers of a batch are easily turned into. */
function readReceipts(text: string): { receipt: Receipt; text: string }[] {
  const json = parseJson(text)
  if (!json.ok) throw invalidInput([{ pointer: '', detail: json.detail }])
  const isArray = Array.isArray(json.value)
  const sent = isArray ? { receipts: json.value } : json.value
  const parsed = v.safeParse(ReceiptsRequest, sent)
  if (!parsed.success) {
    const errors = parsed.issues.map((issue) => {
      const steps = (issue.path ?? []).map(({ key }) => String(key)).slice(isArray ? 1 : 0)
      return { pointer: steps.reduce(pointerTo, ''), detail: detailOf(issue) }
    })
    throw invalidInput(firstErrors(errors))
  }
  const texts = (sent as { receipts: string[] }).receipts
  return parsed.output.receipts.map((receipt, index) => ({ receipt, text: texts[index] as string }))
}

function detailOf({ input, expected, message }: v.BaseIssue<unknown>): string {
  if (input === undefined) return 'is required'
  return expected === 'never' ? 'is not a known member; the only one is receipts' : message
}

/** A request that waits for its record takes none of the slots of the others. */
const waitsOrReads = (url: string) => (parameterOf(url, 'wait') === undefined ? 'reads' : 'waits')

export const ReceiptRequest = v.object({ receipt: ReceiptText, wait: v.optional(Wait) })

function readReceiptRequest(url: string, receipt: string): Checked<v.InferOutput<typeof ReceiptRequest>> {
  const { parameters, errors } = readParameters(url, ['wait'])
  const parsed = v.safeParse(ReceiptRequest, { receipt, ...parameters })
  errors.push(...errorsOf(parsed.issues))
  return parsed.success && errors.length === 0 ? valid(parsed.output) : invalid(...errors)
}

/** The outcome of a record, with links to its activity and its dead letter. */
export function receiptAnswer(
  { position }: Receipt,
  known: RecordOutcome | undefined,
  request: Pick<ServiceRequest, 'basePath' | 'caller'>,
): ReceiptAnswer {
  if (!known || known.outcome === 'expired') return { status: known?.outcome ?? 'pending', position, links: {} }
  const { outcome, activityId, deadLetter } = known
  const isThere = activityId !== undefined && outcome !== 'rejected'
  return {
    status: outcome,
    ...(activityId !== undefined && { id: activityId }),
    position,
    links: {
      ...(isThere && { activity: linkFrom(request, `/logs/${encodeURIComponent(activityId)}`) }),
      ...(deadLetter !== undefined && { deadLetter: linkFrom(request, `/dead-letters/${deadLetter}`) }),
    },
  }
}
