import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { StartError } from '@activity-log/shared/config.ts'
import { type Mapping, type MappingParameter, mappingParameters, readMapping } from '@activity-log/shared/mapping.ts'
import { type Preset, presets } from '@activity-log/shared/mapping-presets.ts'
import { parseMetadataPath } from '@activity-log/shared/metadata-match.ts'
import { timeFormats } from '@activity-log/shared/time-format.ts'
import * as v from 'valibot'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { askOutcomes } from './import/ask-outcomes.ts'
import { createLineReader } from './import/import-lines.ts'
import { baseName, openFile } from './import/open-file.ts'
import { readPieces } from './import/read-pieces.ts'
import { type PostTarget, type SentLine, send } from './import/send.ts'
import { createTally, isToSend, reasonOf, type Tally } from './import/tally.ts'
import { startProgress } from './progress-line.ts'
import { accessOptions, assertLogAnswers, Origin, type RunningLog, runningLog, urlOption } from './running-log.ts'

const maxLinesPerRequest = 1000
const maxBytesPerRequest = 3 * 1024 * 1024
/** Each waits until its lines are stored, so there are more of them than requests that ingest needs. */
const maxRequestsInFlight = 6
const retryNoticeMs = 10_000

const File = v.pipe(
  v.string(),
  v.check((path) => existsSync(path), 'must be an existing file'),
)
const text = v.optional(v.pipe(v.string(), v.nonEmpty('must not be empty')))
/** Accepts what the parameter of the same name accepts. */
const parameter = (name: MappingParameter, others: Parameters = {}) =>
  v.optional(
    v.pipe(
      v.string(),
      v.rawCheck(({ dataset, addIssue }) => {
        const mapping = readMapping({ ...others, [name]: dataset.value as string })
        if (!mapping.ok) addIssue({ message: mapping.errors[0]?.detail ?? '' })
      }),
    ),
  )
const pathOption = (name: 'user' | 'action' | 'time' | 'id') => ({
  value: 'PATH',
  summary: `where the ${name} is in an item, such as ${name}.name; commas separate alternatives`,
  schema: parameter(name),
})
const oneOf = (names: readonly string[]) => v.optional(v.picklist(names, `must be one of ${names.join(', ')}`))

export const importCommand: Command = defineCommand({
  name: 'import',
  summary: 'send a file of activities to a log',
  details: `
Sends a file of activities to POST /logs/batch, asks for the outcome of each, and says how many are stored, duplicates,
conflicts, invalid and dead letters. The file has one JSON object per line, or is one JSON array; --items names the
array of a file that is one object.

You may stop it and run it again: nothing is stored twice. A line without an id gets one that is made of the name of the
file without its folder and .gz, the number of the line and its bytes.

Items of another form are taken with the options from --user to --format, which mean the same as the parameters of POST
/logs.`,
  arguments: { file: { summary: 'the file; it may be compressed with gzip', schema: File } },
  options: {
    url: urlOption,
    queryUrl: {
      value: 'URL',
      summary: 'the URL of query, if it differs from --url',
      schema: v.optional(Origin),
    },
    ...accessOptions,
    items: { value: 'PATH', summary: 'where the array is in a file that is one object, such as Records', schema: text },
    source: { value: 'NAME', summary: 'the name of the file for ids, if it was renamed', schema: text },
    user: pathOption('user'),
    action: pathOption('action'),
    time: pathOption('time'),
    id: pathOption('id'),
    timeFormat: {
      value: 'FORM',
      summary: `the form of the times: ${timeFormats.join(', ')}`,
      schema: oneOf(timeFormats),
    },
    zone: {
      value: 'ZONE',
      summary: 'the time zone of times without an offset, with --time-format loose',
      schema: parameter('zone', { 'time-format': 'loose' }),
    },
    members: {
      value: 'metadata',
      summary: 'members that an activity does not have become metadata',
      schema: oneOf(['metadata']),
    },
    format: {
      value: 'NAME',
      summary: `the mapping of a published format: ${Object.keys(presets).join(', ')}`,
      schema: oneOf(Object.keys(presets)),
    },
  },
  environment: {},
  async run({ file, url, queryUrl = url, items, source = baseName(file), timeFormat, key, tenant, ...given }) {
    const parameters = { ...given, 'time-format': timeFormat }
    const mapping = mappingOf(parameters)
    const itemsPath = items === undefined ? undefined : parseMetadataPath(items)
    if (typeof itemsPath === 'string') throw new StartError(`--items ${itemsPath}`)
    await assertLogAnswers(url)
    await assertLogAnswers(queryUrl, '--query-url')

    const opened = await openFile(file)
    const preset: Preset | undefined = mapping.preset && presets[mapping.preset]
    const perhapsItems = preset?.items
    const { unit, pieces } = await readPieces(opened.chunks, { file, items: itemsPath, perhapsItems })
    const tally = createTally(unit)
    const lineOf = createLineReader({ unit, source: mapping.sources.id ? undefined : source })
    const ingest = runningLog(url, { key, tenant })
    const post = { url: ingest.url(`/logs/batch${queryOf(parameters)}`), headers: ingest.headers }
    let fault: unknown
    {
      using progress = startProgress(basename(file))
      const update = () =>
        progress.update(opened.bytesRead(), opened.size, `${tally.counted().toLocaleString('en')} stored`)
      const onRetry = seldom(() => progress.say('The log is not available; retrying'))
      const target = { post, query: runningLog(queryUrl, { key, tenant }), tally, onRetry }
      try {
        await sendAll(requestsOf(pieces, lineOf, tally), target, update)
      } catch (error) {
        if (!(error instanceof StartError)) throw error
        fault = error
      }
    }
    console.log(`${tally.summary()}: ${queryUrl}/logs`)
    if (tally.rejected()) console.error(`These ${unit}s were rejected:\n${tally.rejected()}`)
    if (fault) throw fault
    if (await opened.hasChanged()) {
      console.error(`${file} changed while it was read. Run the import again: nothing is stored twice.`)
      return exitCodes.negative
    }
    return tally.isComplete() ? exitCodes.done : exitCodes.negative
  },
})

type Parameters = { readonly [name in MappingParameter]?: string | undefined }

function mappingOf(parameters: Parameters): Mapping {
  const mapping = readMapping(parameters)
  if (mapping.ok) return mapping.value
  throw new StartError(mapping.errors.map(({ pointer, detail }) => `--${pointer} ${detail}`).join('\n'))
}

function queryOf(parameters: Parameters): string {
  const query = new URLSearchParams()
  for (const name of mappingParameters) if (parameters[name] !== undefined) query.set(name, parameters[name])
  return query.size === 0 ? '' : `?${query}`
}

/** Gathers lines into requests. A line that is not sent is counted at once. */
async function* requestsOf(
  pieces: Awaited<ReturnType<typeof readPieces>>['pieces'],
  lineOf: ReturnType<typeof createLineReader>,
  tally: Tally,
): AsyncGenerator<SentLine[]> {
  let lines: SentLine[] = []
  let bytes = 0
  try {
    for await (const piece of pieces) {
      const line = lineOf(piece)
      if (!line) continue
      if (!isToSend(line)) {
        tally.rejectLine(line.number, 'fault' in line ? line.fault : '')
        continue
      }
      const size = line.bytes.byteLength + 1
      if (lines.length === maxLinesPerRequest || (lines.length > 0 && bytes + size > maxBytesPerRequest)) {
        yield lines
        lines = []
        bytes = 0
      }
      lines.push(line)
      bytes += size
    }
  } catch (error) {
    // lines before the fault are sent all the same
    if (lines.length > 0) yield lines
    throw error
  }
  if (lines.length > 0) yield lines
}

/** Leaves out what comes soon after another one: many requests wait for the log at once. */
function seldom(work: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    if (performance.now() - last < retryNoticeMs) return
    last = performance.now()
    work()
  }
}

type Target = { post: PostTarget; query: RunningLog; tally: Tally; onRetry: () => void }

async function sendAll(
  requests: AsyncIterable<SentLine[]>,
  { post, query, tally, onRetry }: Target,
  update: () => void,
): Promise<void> {
  const inFlight = new Set<Promise<void>>()
  let hasFailed = false
  // after a failure nobody waits for the others any more
  const retrying = () => {
    if (!hasFailed) onRetry()
  }

  async function sendAndAsk(lines: SentLine[]) {
    const accepted: { number: number; receipt: string }[] = []
    for (const { line, result } of await send(post, lines, retrying)) {
      if (result.status === 'accepted') accepted.push({ number: line.number, receipt: result.receipt ?? '' })
      else tally.rejectLine(line.number, reasonOf(result))
    }
    const outcomes = await askOutcomes(
      query,
      accepted.map(({ receipt }) => receipt),
      retrying,
    )
    for (const [index, { number }] of accepted.entries()) tally.countOutcome(number, outcomes[index] ?? 'pending')
  }

  try {
    for await (const lines of requests) {
      while (inFlight.size >= maxRequestsInFlight) await Promise.race(inFlight)
      const sending = sendAndAsk(lines).finally(() => {
        inFlight.delete(sending)
        update()
      })
      // a failure is thrown below, or by the race
      sending.catch(() => {
        hasFailed = true
      })
      inFlight.add(sending)
    }
  } finally {
    await Promise.all(inFlight)
  }
}
