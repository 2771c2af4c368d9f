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

const maxRequestsAtOnce = 2
/**
 * Looked for in the end are the newest, as many as may be under way at once, and one of so many of all the others: what a
 * partition holds comes in order but for those under way, and the activities of a request are in a few partitions.
 */
const maxDeliveriesUnderWay = 100
const oneOf = 200
const maxLinesNamed = 20

const File = v.pipe(
  v.string(),
  v.check((path) => existsSync(path), 'must name a file that is there'),
)

export const importCommand: Command = defineCommand({
  name: 'import',
  summary: 'send a file of activities to a log',
  details: `
Sends a file of activities, one as JSON a line, to POST /logs, and waits until the last are found.

It may be stopped and run again: what is there already is not stored twice. A line without an id gets one made of the
file's name, its number and its content.`,
  arguments: { file: { summary: 'the file: .ndjson, or .gz of one', schema: File } },
  options: {
    url: urlOption,
    queryUrl: {
      value: 'URL',
      summary: 'where query answers, if not at the same place',
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
      : 'were accepted and need not be sent again; some are still on their way into the log'
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
  const underWay = new Set<Promise<void>>()

  async function sendAll(lines: Line[]) {
    for (const { line, result } of await send(origin, lines)) {
      if (result.status === 'accepted' && result.id !== undefined) {
        if (accepted++ % oneOf === 0) sample.push(result.id)
        newest.push(result.id)
      } else rejected.push(mistakesText(line, result))
    }
    newest.splice(0, newest.length - maxDeliveriesUnderWay)
  }

  const { size } = statSync(file)
  const { requests, bytesRead } = readRequests(file)
  for await (const lines of requests) {
    while (underWay.size >= maxRequestsAtOnce) await Promise.race(underWay)
    const sending = sendAll(lines).finally(() => {
      underWay.delete(sending)
      progress.update(bytesRead(), size, `${accepted.toLocaleString('en')} activities`)
    })
    underWay.add(sending)
  }
  await Promise.all(underWay)
  return { accepted, toBeFound: [...sample, ...newest], rejected }
}

function mistakesText({ number }: Line, { errors }: Result): string {
  const reasons = errors?.map(({ pointer, detail }) => `${pointer.replace(/^\/\d+/, '') || 'it'} ${detail}`)
  return `  line ${number}: ${reasons?.join('; ') ?? 'rejected'}`
}
