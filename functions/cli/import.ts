import { hash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createGunzip } from 'node:zlib'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { SingleBar } from 'cli-progress'

const usage = `Usage: npm run import -- FILE [--url http://localhost:3000] [--query-url http://…]

Sends a file of activities, one as JSON a line (.ndjson, also gzipped: .gz), to POST /logs, and waits until the last are
found: at the same place, or at --query-url where query has an address of its own.
It may be stopped and run again: what is there already is not stored twice. A line without
an id gets one made of the file's name, its number and its content.`

const linesPerRequest = 1000
const bytesPerRequest = 3 * 1024 * 1024
const requestsAtOnce = 2
/**
 * Looked for in the end are the newest, as many as may be under way at once, and one of so many of all the others: what a
 * partition holds comes in order but for those under way, and the activities of a request are in a few partitions.
 */
const deliveriesUnderWay = 100
const oneOf = 200
const lookedForAtOnce = 8
/** How long the next one may take to be found. */
const mostWaitMs = 120_000

type Line = { number: number; text: string }
type Result = {
  index: number
  status: 'accepted' | 'invalid' | 'unavailable'
  id?: string
  errors?: { pointer: string; detail: string }[]
}

async function main() {
  const { file, origin, queryOrigin } = readArguments()
  await assertAnswers(origin)
  await assertAnswers(queryOrigin)
  const progress = startProgress(statSync(file).size)
  const refused: string[] = []
  const newest: string[] = []
  const sample: string[] = []
  let accepted = 0
  const underWay = new Set<Promise<void>>()

  async function sendAll(lines: Line[]) {
    for (const { line, result } of await send(origin, lines)) {
      if (result.status === 'accepted' && result.id !== undefined) {
        if (accepted++ % oneOf === 0) sample.push(result.id)
        newest.push(result.id)
      } else {
        const reasons = result.errors?.map(
          ({ pointer, detail }) => `${pointer.replace(/^\/\d+/, '') || 'it'} ${detail}`,
        )
        refused.push(`  line ${line.number}: ${reasons?.join('; ') ?? 'refused'}`)
      }
    }
    newest.splice(0, newest.length - deliveriesUnderWay)
  }

  const { requests, bytesRead } = readRequests(file)
  for await (const lines of requests) {
    while (underWay.size >= requestsAtOnce) await Promise.race(underWay)
    const sending = sendAll(lines).finally(() => {
      underWay.delete(sending)
      progress.update(bytesRead(), accepted)
    })
    underWay.add(sending)
  }
  await Promise.all(underWay)
  progress.stop()
  console.log(`${accepted.toLocaleString('en')} activities accepted; waiting until they are found`)
  const areFound = await untilFound(queryOrigin, [...sample, ...newest])
  const whatOfThem = areFound
    ? 'are in the log'
    : 'were accepted and need not be sent again; some are still on their way into the log'
  console.log(`${accepted.toLocaleString('en')} activities ${whatOfThem}: ${queryOrigin}/logs`)
  if (refused.length > 0) {
    console.error(`${refused.length.toLocaleString('en')} lines were refused:\n${refused.slice(0, 20).join('\n')}`)
    if (refused.length > 20) console.error(`  … and ${refused.length - 20} more`)
    process.exitCode = 1
  }
}

type Arguments = { file: string; origin: string; queryOrigin: string }

function readArguments(): Arguments {
  let parsed: { values: { url?: string; 'query-url'?: string; help?: boolean }; positionals: string[] }
  try {
    const options = { url: { type: 'string' }, 'query-url': { type: 'string' }, help: { type: 'boolean' } } as const
    parsed = parseArgs({ allowPositionals: true, options })
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${usage}`)
  }
  const { values, positionals } = parsed
  const [file] = positionals
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  if (file === undefined || positionals.length > 1) throw new StartError(usage)
  if (!existsSync(file)) throw new StartError(`There is no file ${file}.\n\n${usage}`)
  const { url = 'http://localhost:3000', 'query-url': queryUrl = url } = values
  const [origin = '', queryOrigin = ''] = [url, queryUrl].map((text) => text.replace(/\/$/, ''))
  return { file, origin, queryOrigin }
}

async function assertAnswers(origin: string) {
  const answered = await fetch(`${origin}/healthz`).catch(() => undefined)
  if (!answered?.ok)
    throw new StartError(`No activity log answers at ${origin}. Start one with npm start, or name another with --url.`)
}

function readRequests(file: string): { requests: AsyncGenerator<Line[]>; bytesRead: () => number } {
  const source = createReadStream(file)
  const text = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
  source.on('error', (error) => text.destroy(error))
  const name = hash('sha256', file.split('/').at(-1) ?? file)
  async function* requests() {
    let lines: Line[] = []
    let bytes = 0
    let number = 0
    for await (const content of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (content.trim() === '') continue
      const line = { number, text: withId(content, number, name) }
      const size = Buffer.byteLength(line.text) + 1
      if (lines.length === linesPerRequest || (lines.length > 0 && bytes + size > bytesPerRequest)) {
        yield lines
        lines = []
        bytes = 0
      }
      lines.push(line)
      bytes += size
    }
    if (lines.length > 0) yield lines
  }
  return { requests: requests(), bytesRead: () => source.bytesRead }
}

/** The same id at every run. What is no JSON object is sent as it is, so that the log says what is wrong with it. */
function withId(text: string, number: number, name: string): string {
  const members = objectIn(text)
  if (!members || 'id' in members || Object.keys(members).length === 0) return text
  const id = hash('sha256', `${name}\n${number}\n${text}`).slice(0, 32)
  return text.replace('{', `{"id":"import-${id}",`)
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Sends until each line is accepted or refused: what is unknown is sent again, which is safe because of the ids. */
async function send(origin: string, lines: Line[]): Promise<{ line: Line; result: Result }[]> {
  const done: { line: Line; result: Result }[] = []
  let rest = lines
  for (let attempt = 1; rest.length > 0; attempt++) {
    const results = await post(origin, rest)
    done.push(
      ...(results ?? []).flatMap((result) =>
        result.status === 'unavailable' ? [] : [{ line: rest[result.index] as Line, result }],
      ),
    )
    if (results) rest = results.flatMap(({ status, index }) => (status === 'unavailable' ? [rest[index] as Line] : []))
    if (rest.length > 0) await wait(Math.min(5000, 100 * 2 ** attempt))
  }
  return done
}

/** The result of each line, or undefined when there was no answer, or one that says nothing of the lines. */
async function post(origin: string, lines: Line[]): Promise<Result[] | undefined> {
  const response = await fetch(`${origin}/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.map(({ text }) => text).join('\n'),
  }).catch(() => undefined)
  const answer = (await response?.json().catch(() => undefined)) as { results?: Result[]; detail?: string } | undefined
  if (answer?.results) return answer.results
  if (response && response.status < 500)
    throw new StartError(`The log refused the request (${response.status}): ${answer?.detail ?? ''}`)
  return undefined
}

/** Resolves with whether all of them were found in time. */
async function untilFound(origin: string, ids: readonly string[]): Promise<boolean> {
  const rest = ids.values()
  const lookForSome = async () => {
    // they share the iterator
    for (const id of rest) if (!(await isFoundInTime(origin, id))) return false
    return true
  }
  const found = await Promise.all(Array.from({ length: lookedForAtOnce }, lookForSome))
  return found.every(Boolean)
}

async function isFoundInTime(origin: string, id: string): Promise<boolean> {
  const deadline = Date.now() + mostWaitMs
  for (;;) {
    const response = await fetch(`${origin}/logs/${encodeURIComponent(id)}`).catch(() => undefined)
    await response?.arrayBuffer()
    if (response?.ok) return true
    if (Date.now() > deadline) return false
    await wait(50)
  }
}

function startProgress(bytes: number) {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {accepted} activities | {duration_formatted}',
    noTTYOutput: false,
    hideCursor: true,
  })
  bar.start(bytes, 0, { accepted: 0 })
  return {
    update: (read: number, accepted: number) => bar.update(read, { accepted: accepted.toLocaleString('en') }),
    stop: () => {
      bar.update(bytes)
      bar.stop()
    },
  }
}

run(main)
