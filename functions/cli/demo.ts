import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { v7 as newId } from 'uuid'
import { activitiesOf, type DemoActivity, goingOn } from './demo-activities.ts'

const usage = `Usage: npm run demo [-- --url http://localhost:3000] [--once]

Fills a running log with made-up activities of a shop: some thousands of the past 30 days, then a few a second until Ctrl-C
(not with --once). It may be run again: the past of a day is always the same, and is stored once.`

const days = 30
const atOnce = 500
const dayMs = 86_400_000

async function main() {
  const { origin, once } = readArguments()
  const answered = await fetch(`${origin}/healthz`).catch(() => undefined)
  if (!answered?.ok)
    throw new StartError(`No activity log answers at ${origin}. Start one with npm start, or name another with --url.`)
  const now = new Date()
  const today = Math.floor(now.getTime() / dayMs)
  const past = Array.from({ length: days }, (_, back) => activitiesOf(today - days + 1 + back))
    .flat()
    .filter(({ timestamp }) => timestamp < now.toISOString())
  console.log(`Sending ${past.length.toLocaleString('en')} made-up activities of the past ${days} days to ${origin}`)
  for (let at = 0; at < past.length; at += atOnce) await send(origin, past.slice(at, at + atOnce))
  console.log(`They are accepted. Look: ${origin}/`)
  if (once) return
  console.log(`Now a few a second, until Ctrl-C. Watch: ${origin}/?live=1`)
  const end = new AbortController()
  process.once('SIGINT', () => end.abort())
  process.once('SIGTERM', () => end.abort())
  console.log(`\n${(await sendOn(origin, end.signal)).toLocaleString('en')} more were sent.`)
}

function readArguments(): { origin: string; once: boolean } {
  try {
    const { values } = parseArgs({
      options: { url: { type: 'string' }, once: { type: 'boolean' }, help: { type: 'boolean' } },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    return { origin: (values.url ?? 'http://localhost:3000').replace(/\/$/, ''), once: values.once ?? false }
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${usage}`)
  }
}

/** Resolves with how many, once it is told to end. */
async function sendOn(origin: string, ended: AbortSignal): Promise<number> {
  let sent = 0
  for (const step of goingOn(Math.random)) {
    // now and then a few come together
    const pause = -Math.log(1 - Math.random()) * 350
    await wait(pause, undefined, { signal: ended }).catch(() => undefined)
    if (ended.aborted) return sent
    await send(origin, [{ id: newId(), ...step, timestamp: new Date().toISOString() }])
    sent++
  }
  return sent
}

/** As long as it takes: sending the same again with the same ids is safe. */
async function send(origin: string, activities: readonly DemoActivity[]): Promise<void> {
  for (let pauseMs = 250; ; pauseMs = Math.min(5_000, pauseMs * 2)) {
    const response = await fetch(`${origin}/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(activities),
    }).catch(() => undefined)
    const answer = await response?.text().catch(() => undefined)
    if (response?.status === 202 && answer !== undefined) return
    if (response && response.status < 500) throw new StartError(`The log refused them (${response.status}): ${answer}`)
    console.error('The log does not take them just now; trying again')
    await wait(pauseMs)
  }
}

run(main)
