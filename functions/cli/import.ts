import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import * as v from 'valibot'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { type Line, readRequests } from './import/import-requests.ts'
import { type Result, send } from './import/send.ts'
import { untilFound } from './import/until-found.ts'
import { startProgress } from './progress-line.ts'
import { assertLogAnswers, Origin, urlOption } from './running-log.ts'

const maxRequestsInFlight = 2
/**
 * At its end, an import looks for the newest activities, as many as may be in flight, and for a sample of all others.
 * That suffices, because a partition is delivered in order except for the records in flight, and a request goes to only
 * a few partitions.
 */
const maxDeliveriesInFlight = 100
const sampleEvery = 200
const maxLinesNamed = 20

const File = v.pipe(
  v.string(),
  v.check((path) => existsSync(path), 'must be an existing file'),
)

export const importCommand: Command = defineCommand({
  name: 'import',
  summary: 'send a file of activities to a log',
  details: `
Sends a file of activities, one JSON object per line, to POST /logs, and waits until the last ones are found.

You may stop it and run it again: nothing is stored twice. A line without an id gets one that is made of the name of the
file, the number of the line and its content.`,
  arguments: { file: { summary: 'the file: .ndjson, or .gz if it is compressed', schema: File } },
  options: {
    url: urlOption,
    queryUrl: {
      value: 'URL',
      summary: 'the URL of query, if it differs from --url',
      schema: v.optional(Origin),
    },
  },
  environment: {},
  async run({ file, url, queryUrl = url }) {
    await assertLogAnswers(url)
    await assertLogAnswers(queryUrl, '--query-url')
    const { accepted, toBeFound, rejected } = await sendFile(file, url)
    const count = accepted.toLocaleString('en')
    console.log(`${count} activities accepted; waiting until they are found`)
    const areFound = await untilFound(queryUrl, toBeFound)
    const outcome = areFound
      ? 'are in the log'
      : 'were accepted, but some are not in the log yet; look again later, and do not send them again'
    console.log(`${count} activities ${outcome}: ${queryUrl}/logs`)
    if (rejected.length === 0) return exitCodes.done
    const more = rejected.length - maxLinesNamed
    const named = rejected.slice(0, maxLinesNamed).join('\n')
    console.error(`${rejected.length.toLocaleString('en')} lines were rejected:\n${named}`)
    if (more > 0) console.error(`  … and ${more} more`)
    return exitCodes.negative
  },
})

type Sent = { accepted: number; toBeFound: readonly string[]; rejected: readonly string[] }

async function sendFile(file: string, origin: string): Promise<Sent> {
  using progress = startProgress(basename(file))
  const rejected: string[] = []
  const newest: string[] = []
  const sample: string[] = []
  let accepted = 0
  const inFlight = new Set<Promise<void>>()

  async function sendAll(lines: Line[]) {
    for (const { line, result } of await send(origin, lines)) {
      if (result.status === 'accepted' && result.id !== undefined) {
        if (accepted++ % sampleEvery === 0) sample.push(result.id)
        newest.push(result.id)
      } else rejected.push(mistakesText(line, result))
    }
    newest.splice(0, newest.length - maxDeliveriesInFlight)
  }

  const { size } = statSync(file)
  const { requests, bytesRead } = readRequests(file)
  for await (const lines of requests) {
    while (inFlight.size >= maxRequestsInFlight) await Promise.race(inFlight)
    const sending = sendAll(lines).finally(() => {
      inFlight.delete(sending)
      progress.update(bytesRead(), size, `${accepted.toLocaleString('en')} activities`)
    })
    inFlight.add(sending)
  }
  await Promise.all(inFlight)
  return { accepted, toBeFound: [...sample, ...newest], rejected }
}

function mistakesText({ number }: Line, { errors }: Result): string {
  const reasons = errors?.map(({ pointer, detail }) => `${pointer.replace(/^\/\d+/, '') || 'it'} ${detail}`)
  return `  line ${number}: ${reasons?.join('; ') ?? 'rejected'}`
}
