import type { ShownActivity } from '../views/activity-row.ts'
import { apiHref, searchOf } from '../views/view.ts'
import { underBase } from './dom.ts'
import { view } from './page-view.ts'

export type Follower = {
  /** Shows the state of the connection. */
  show(kind: 'connected' | 'reconnecting' | 'offline' | 'ended', text: string): void
  onActivity(activity: ShownActivity): void
  onLeftOut(count: number): void
}

const minWaitMs = 2_000
const maxWaitMs = 60_000

/**
 * Follows the log until the function that it returns is called. An EventSource comes back by itself after most
 * interruptions; after the others a new one continues at the last position.
 */
export function followLive(from: string | undefined, { show, onActivity, onLeftOut }: Follower): () => void {
  let at = from
  let waitMs = minWaitMs
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const path = () => underBase(apiHref('/live', { ...searchOf(view), asOf: at }))

  function open() {
    source = new EventSource(path())
    for (const name of ['position', 'activity', 'left-out']) source.addEventListener(name, receive)
    source.addEventListener('error', interrupted)
  }

  function receive({ type, data, lastEventId }: MessageEvent<string>) {
    at = lastEventId || at
    waitMs = minWaitMs
    show('connected', 'Connected: new activities appear on top.')
    try {
      if (type === 'activity') onActivity(JSON.parse(data))
      if (type === 'left-out') onLeftOut(Number(JSON.parse(data).count) || 0)
    } catch {
      // an event that cannot be read costs this event only
    }
  }

  function interrupted() {
    if (!navigator.onLine) show('offline', 'Offline: updates resume when the network is back.')
    else show('reconnecting', 'Reconnecting …')
    if (source?.readyState === EventSource.CLOSED) void openAgain()
  }

  /** Is called when the browser has given up. If the log rejects this request, it would also reject the next one. */
  async function openAgain() {
    const answer = await fetch(path(), { method: 'HEAD' }).catch(() => undefined)
    if (answer && answer.status >= 400 && answer.status < 500) {
      const why = answer.status === 401 ? 'You are signed out' : 'The log rejects the live connection'
      show('ended', `${why}; reload the page.`)
      return
    }
    show('reconnecting', `The log does not answer; trying again in ${Math.round(waitMs / 1000)} s.`)
    timer = setTimeout(open, waitMs)
    waitMs = Math.min(maxWaitMs, 2 * waitMs)
  }

  show('reconnecting', 'Connecting …')
  open()
  return () => {
    clearTimeout(timer)
    source?.close()
  }
}
