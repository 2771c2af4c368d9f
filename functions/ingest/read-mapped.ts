import { applyMapping } from '@activity-log/shared/apply-mapping.ts'
import { firstErrors, type InputError, invalid } from '@activity-log/shared/checked.ts'
import { readParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { ParsedJson } from '@activity-log/shared/json.ts'
import type { Judge, Judged } from '@activity-log/shared/json-judged.ts'
import { restoreDigits } from '@activity-log/shared/json-number-text.ts'
import { mappingParameters, readMapping } from '@activity-log/shared/mapping.ts'
import { checkSentActivity } from '@activity-log/shared/own-activity.ts'
import type { Steps } from '@activity-log/shared/steps.ts'
import { newJudge, type ReadItem, withTimeForms } from './posted-items.ts'

export type Mapped = {
  readItem: (receivedAt: Date) => ReadItem
  judge: Judge
  /** The attribute of a CloudEvent that is its user. Throws a 400 if the parameters are not for CloudEvents. */
  userAttribute: () => string | undefined
}

/** The options for reading a body. Most requests have no mapping. */
export type Reading = { receivedAt: Date; mapped: Mapped | undefined }

/**
 * Reads the parameters of a mapping from a URL, or throws a 400. This module is loaded at the first request with
 * parameters, since most have none.
 */
export function readMapped(url: string): Mapped | undefined {
  const { parameters, errors } = readParameters(url, mappingParameters)
  if (errors.length > 0) throw invalidInput(errors)
  const names = Object.keys(parameters)
  if (names.length === 0) return undefined
  const mapping = readMapping(parameters)
  if (!mapping.ok) throw invalidInput(mapping.errors)

  const readItem =
    (receivedAt: Date): ReadItem =>
    (item, lossy) => {
      const { input, errors, readAsText, failed, placeOf } = applyMapping(item, mapping.value)
      const checked = checkSentActivity(input, receivedAt)
      const left = lossy.filter(({ pointer, detail }) => !(isNumber(detail) && readAsText.has(pointer)))
      const others = checked.ok ? [] : checked.errors.filter(({ pointer }) => !failed.has(pointer.slice(1)))
      const placed = others.map(withTimeForms).map(({ pointer, detail }) => ({ pointer: placeOf(pointer), detail }))
      const all: InputError[] = [...left, ...errors, ...placed]
      return checked.ok && all.length === 0 ? checked : invalid(...firstErrors(all))
    }

  const userAttribute = () => {
    const foreign = names.filter((name) => name !== 'user')
    const detail = 'does not apply to CloudEvents; of the mapping, only user does'
    if (foreign.length > 0) throw invalidInput(foreign.map((pointer) => ({ pointer, detail })))
    const { user } = parameters
    if (user === undefined || /^[a-z0-9]+$/.test(user)) return user
    throw invalidInput([{ pointer: 'user', detail: 'must be the name of an attribute of the CloudEvent' }])
  }

  return { readItem, judge: judgeKeepingDigits(), userAttribute }
}

const isNumber = (detail: string) => detail.startsWith('holds the number')

function judgeKeepingDigits(): Judge {
  const { short, inSteps } = newJudge()
  return { short, inSteps: (text, parsed) => keepingDigits(inSteps(text, parsed)) }
}

function* keepingDigits(judging: Steps<Judged>): Steps<Judged> {
  const judged = yield* judging
  return judged.ok ? { ...judged, item: (index) => withDigits(judged.item(index)) } : judged
}

function* withDigits(parsing: Steps<ParsedJson>): Steps<ParsedJson> {
  const json = yield* parsing
  if (json.ok) restoreDigits(json.value, json.lossy)
  return json
}
