import { type Incoming, readText } from './body.ts'
import { Problem } from './problem.ts'

const maxBytes = 16 * 1024

/** Reads the fields of a form that a page of the log sends. */
export async function readForm(request: Incoming): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.header('content-type') ?? '')) throw notAForm
  return new URLSearchParams(await readText(request, maxBytes))
}

const notAForm = new Problem('unsupported-media-type', 'The body must be a form, as a page of the log sends it.', {
  headers: { accept: 'application/x-www-form-urlencoded' },
})
