import { activityRow, type ShownActivity } from '../views/activity-row.ts'
import { href } from '../views/view.ts'
import { all, h, one, say, underBase } from './dom.ts'
import { followLive } from './follow-live.ts'
import { countAgain } from './load-counts.ts'
import { view, zone } from './page-view.ts'

/** A page that stays open all day keeps this many rows, and up to as many more that wait to be shown. */
const maxRows = 500
const recountMs = 15_000

const number = (value: number) => value.toLocaleString('en-US')

/**
 * Puts new activities on top of the list while the page is live. They wait while the reader is reading: after a pause,
 * below the top of the list, or in an activity. Nothing moves under their eyes then, and a button says how many wait.
 */
export function startLive() {
  const button = one<HTMLAnchorElement>('#live')
  const tools = one('#live-tools')
  const state = one('#live-state')
  const pause = one<HTMLButtonElement>('#live-pause')
  const more = one<HTMLButtonElement>('#live-new')
  const table = one('#activities')
  if (!button || !tools || !state || !pause || !more || !table || view['live'] === undefined) return
  const [page, pauseButton, moreButton, stateText] = [table, pause, more, state]
  const rowLimit = Math.max(maxRows, all('tbody', page).length)
  let waiting: ShownActivity[] = []
  let waitingCount = 0
  let fresh = 0
  let leftOut = 0
  let isPaused = false
  let isDrawing = false
  let said = { kind: '', text: '' }

  const isReading = () =>
    isPaused ||
    page.getBoundingClientRect().top < 0 ||
    page.contains(document.activeElement) ||
    one('.toggle[open]', page) !== null ||
    getSelection()?.isCollapsed === false

  function show(kind: string, text: string) {
    if (said.kind !== kind) say(`Live: ${text}`)
    said = { kind, text }
    draw()
  }

  function draw() {
    stateText.dataset['state'] = isPaused ? 'paused' : said.kind
    const gone =
      leftOut > 0 ? ` ${number(leftOut)} were left out because they arrived faster than the page could show them.` : ''
    const shown = isPaused && said.kind === 'connected' ? 'Paused: new activities wait.' : said.text
    stateText.textContent = `${shown}${fresh > 0 ? ` ${number(fresh)} new.` : ''}${gone}`
    moreButton.hidden = waitingCount === 0
    moreButton.textContent = `${number(waitingCount)} new: show`
  }

  /** Runs at most once per frame, since hundreds of activities may arrive in a second. */
  function drawSoon() {
    if (isDrawing) return
    isDrawing = true
    requestAnimationFrame(() => {
      isDrawing = false
      if (!isReading()) insert()
      draw()
    })
  }

  function insert() {
    const known = new Set(all('tbody[data-id]', page).map(({ dataset }) => dataset['id']))
    const head = one('thead', page)
    for (const activity of waiting) {
      if (known.has(activity.id)) continue
      const row = activityRow(h, activity, view, zone)
      row.classList.add('new')
      head?.after(row)
    }
    fresh += waitingCount
    waiting = []
    waitingCount = 0
    for (const body of all('tbody', page).slice(rowLimit)) body.remove()
    draw()
  }

  pauseButton.addEventListener('click', () => {
    isPaused = !isPaused
    pauseButton.setAttribute('aria-pressed', String(isPaused))
    pauseButton.textContent = isPaused ? 'Resume' : 'Pause'
    drawSoon()
    draw()
  })
  moreButton.addEventListener('click', () => {
    insert()
    // the tools stick to the top of the window, so they are always in view
    page.parentElement?.scrollIntoView({ block: 'start' })
  })
  for (const name of ['scroll', 'focusin', 'focusout', 'selectionchange'])
    document.addEventListener(name, () => waitingCount > 0 && drawSoon(), { passive: true })
  document.addEventListener('toggle', () => waitingCount > 0 && drawSoon(), true)

  tools.hidden = false
  const stop = followLive(page.dataset['asOf'] || undefined, {
    show,
    onActivity(activity) {
      waiting.push(activity)
      waitingCount++
      // if more waited, the oldest would leave the page as soon as they were shown
      if (waiting.length > maxRows) waiting = waiting.slice(-maxRows)
      drawSoon()
    },
    onLeftOut(count) {
      leftOut += count
      draw()
    },
  })
  const recount = setInterval(() => document.visibilityState === 'visible' && fresh > 0 && void countAgain(), recountMs)
  addEventListener('pagehide', () => {
    stop()
    clearInterval(recount)
  })
  // a page that comes back from the cache of the browser has no connection any more
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
  button.href = underBase(href(view, { live: undefined }))
}
