import { setTimeout as wait } from 'node:timers/promises'
import { StartError } from '@activity-log/shared/config.ts'
import { v7 as newId } from 'uuid'
import { type Command, defineCommand } from './command.ts'
import { activitiesOf, type DemoActivity, endlessSteps } from './demo-activities.ts'
import { exitCodes } from './exit-codes.ts'
import { startProgress } from './progress-line.ts'
import {
  accessOptions,
  assertLogAnswers,
  mayPass,
  type RunningLog,
  readAnswer,
  rejection,
  runningLog,
  urlOption,
} from './running-log.ts'

const days = 30
const batchSize = 500
const dayMs = 86_400_000

export const demoCommand: Command = defineCommand({
  name: 'demo',
  summary: 'fill a log with the activities of a made-up shop',
  details: `
Sends some thousands of made-up activities of the past ${days} days to a log, then a few every second until Ctrl-C.

You may run it again: a past day always has the same activities, so each is stored once.`,
  arguments: {},
  options: { url: urlOption, ...accessOptions, once: { summary: 'send only the past days, then exit' } },
  environment: {},
  async run({ url: origin, once, ...access }) {
    const log = runningLog(origin, access)
    await assertLogAnswers(origin)
    await sendPast(log, new Date())
    console.log(`The log has accepted all of them. See them at ${origin}/`)
    if (once) return exitCodes.done
    console.log(`Now a few follow every second, until Ctrl-C. Watch them at ${origin}/?live=1`)
    const end = new AbortController()
    process.once('SIGINT', () => end.abort())
    process.once('SIGTERM', () => end.abort())
    console.log(`\nSent ${(await sendOn(log, end.signal)).toLocaleString('en')} more.`)
    return exitCodes.done
  },
})

async function sendPast(log: RunningLog, now: Date) {
  const today = Math.floor(now.getTime() / dayMs)
  const past = Array.from({ length: days }, (_, back) => activitiesOf(today - days + 1 + back))
    .flat()
    .filter(({ timestamp }) => timestamp < now.toISOString())
  const count = past.length.toLocaleString('en')
  console.log(`Sending ${count} made-up activities of the past ${days} days to ${log.origin}`)
  using progress = startProgress('demo')
  for (let at = 0; at < past.length; at += batchSize) {
    await send(log, past.slice(at, at + batchSize))
    progress.update(Math.min(at + batchSize, past.length), past.length)
  }
}

/** Sends activities until the signal is aborted. Resolves with their number. */
async function sendOn(log: RunningLog, ended: AbortSignal): Promise<number> {
  let sent = 0
  for (const step of endlessSteps(Math.random)) {
    // the lengths of the pauses vary, so that sometimes a few activities come together
    const pause = -Math.log(1 - Math.random()) * 350
    await wait(pause, undefined, { signal: ended }).catch(() => undefined)
    if (ended.aborted) return sent
    await send(log, [{ id: newId(), ...step, timestamp: new Date().toISOString() }])
    sent++
  }
  return sent
}

/** Retries until the log accepts the activities, which is safe because their ids stay the same. */
async function send(log: RunningLog, activities: readonly DemoActivity[]): Promise<void> {
  for (let pauseMs = 250; ; pauseMs = Math.min(5_000, pauseMs * 2)) {
    const response = await fetch(log.url('/logs'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...log.headers },
      body: JSON.stringify(activities),
    }).catch(() => undefined)
    const answer = response && (await readAnswer(response))
    if (response?.status === 202 && answer?.results !== undefined) return
    if (answer && !mayPass(response.status))
      throw new StartError(`The log rejected activities ${rejection(response.status, answer.detail ?? '')}`)
    console.error('The log is not available; retrying')
    await wait(pauseMs)
  }
}
