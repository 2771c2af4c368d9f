import { activityRow, type ShownActivity } from '../views/activity-row.ts'
import { apiHref, filtersOf, href } from '../views/view.ts'
import { h, one, say } from './dom.ts'
import { countAgain } from './load-counts.ts'
import { view, zone } from './page-view.ts'

const maxRows = 500
const recountMs = 15_000

/** Puts new activities on top of the list while the page is live. */
export function startLive() {
  const button = one<HTMLAnchorElement>('#live')
  const state = one('#live-state')
  const table = one('#activities')
  if (!button || !state || !table) return
  if (view['live'] === undefined) return
  const source = new EventSource(apiHref('/live', { ...filtersOf(view), asOf: table.dataset['asOf'] || undefined }))
  let fresh = 0
  let leftOut = 0
  let waiting: ShownActivity[] = []

  function show(kind: 'connected' | 'reconnecting' | 'offline' | 'ended', text: string) {
    if (!state) return
    if (state.dataset['state'] !== kind) say(`Live: ${text}`)
    state.hidden = false
    state.dataset['state'] = kind
    const gone =
      leftOut > 0
        ? ` ${leftOut.toLocaleString('en-US')} were left out because they arrived faster than the page could show them.`
        : ''
    state.textContent = `${text}${fresh > 0 ? ` ${fresh.toLocaleString('en-US')} new.` : ''}${gone}`
  }
  const connected = () => show('connected', 'Connected: new activities appear on top.')

  /** Runs once per frame, since hundreds of activities may arrive in a second. */
  function flush() {
    const batch = waiting
    waiting = []
    const known = new Set(
      [...(table?.querySelectorAll<HTMLElement>('tbody[data-id]') ?? [])].map(({ dataset }) => dataset['id']),
    )
    const rows = batch.filter(({ id }) => !known.has(id)).slice(-maxRows)
    for (const activity of rows) {
      const row = activityRow(h, activity, view, zone)
      row.classList.add('new')
      one('thead', table ?? document)?.after(row)
    }
    fresh += rows.length
    const bodies = table?.querySelectorAll('tbody') ?? []
    for (const body of [...bodies].slice(maxRows)) if (!body.contains(document.activeElement)) body.remove()
    connected()
  }

  show('reconnecting', 'Connecting …')
  source.addEventListener('open', connected)
  source.addEventListener('activity', ({ data }) => {
    if (waiting.push(JSON.parse(data)) === 1) requestAnimationFrame(flush)
  })
  source.addEventListener('left-out', ({ data }) => {
    leftOut += Number(JSON.parse(data).count) || 0
    connected()
  })
  source.addEventListener('error', () => {
    if (!navigator.onLine) show('offline', 'Offline: updates resume when the network is back.')
    else if (source.readyState === EventSource.CLOSED) show('ended', 'The live connection failed; reload the page.')
    else show('reconnecting', 'Reconnecting …')
  })
  const recount = setInterval(() => document.visibilityState === 'visible' && fresh > 0 && void countAgain(), recountMs)
  addEventListener('pagehide', () => {
    source.close()
    clearInterval(recount)
  })
  button.href = href(view, { live: undefined })
}
