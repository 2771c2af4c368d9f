import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { activitiesOf, type DemoActivity } from '@activity-log/cli/demo-activities.ts'
import { openEmbedded } from '@activity-log/local/embedded-log.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { answerOf, silent, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'

/** 27,324 activities made from real commits; without the file, made-up activities. */
const file = join(import.meta.dirname, '../../../../shared/data/git-activity.ndjson.gz')
const dayMs = 86_400_000

export function realActivities(): DemoActivity[] {
  if (!existsSync(file)) return Array.from({ length: 160 }, (_, day) => activitiesOf(20_000 + day)).flat()
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n')
  return lines.map((line) => JSON.parse(line))
}

/** Opens a log in this process that holds the activities, on the day after the newest of them. */
export async function openLogOf(activities: readonly DemoActivity[], allowedHosts: readonly string[] = []) {
  const opened = new AsyncDisposableStack()
  const newest = activities.reduce((max, { timestamp }) => Math.max(max, Date.parse(timestamp)), 0)
  const today = (Math.floor((newest || Date.now()) / dayMs) + 1) * dayMs
  const now = () => new Date(today + dayMs / 2)
  const stop = new AbortController()
  const embedded = opened.use(await openEmbedded({ folder: aFolder(), log: silent, now, stopping: stop.signal }))
  const server = opened.use(await listen({ fetch: embedded.fetch, port: 0, log: silent, allowedHosts }))
  // ends the live streams before the server waits for requests in flight
  opened.defer(() => stop.abort())
  const origin = `http://localhost:${server.port}`

  async function send(some: readonly object[]) {
    const body = some.map((activity) => JSON.stringify(activity)).join('\n')
    const headers = { 'content-type': 'application/x-ndjson' }
    const response = await fetch(`${origin}/logs`, { method: 'POST', headers, body })
    if (response.status !== 202) throw new Error(await response.text())
  }
  const total = async () => (await answerOf(await fetch(`${origin}/logs?count=exact&limit=1`))).total
  for (let at = 0; at < activities.length; at += 1000) await send(activities.slice(at, at + 1000))
  await until(async () => (await total()) === activities.length)
  return Object.assign(opened, { origin, send, total, today })
}
