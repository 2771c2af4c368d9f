import { readCounts } from '../views/counts.ts'
import { facets } from '../views/facets.ts'
import { histogram } from '../views/histogram.ts'
import { startBrush } from './brush.ts'
import { h, one, svg, underBase } from './dom.ts'
import { view, zone } from './page-view.ts'

/** Loads the counts that the server did not wait for, and lets the reader choose a range on the histogram. */
export async function startCounts() {
  const place = one('.over-time')
  if (!place) return
  if (place.dataset['counts'] === 'missing') {
    place.setAttribute('aria-busy', 'true')
    await count(place)
    place.removeAttribute('aria-busy')
  }
  const figure = one('.histogram', place)
  if (figure) startBrush(figure)
}

/** Refreshes the counts while the page is live. */
export async function countAgain() {
  const place = one('.over-time')
  // a histogram that is being used is not replaced
  if (!place || place.contains(document.activeElement)) return
  await count(place)
  const figure = one('.histogram', place)
  if (figure) startBrush(figure)
}

async function count(place: HTMLElement) {
  const counts = await readCounts(read, view, zone)
  const drawn = counts.histogram && histogram(h, svg, counts.histogram, view, zone)
  const aside = one('.facets')
  place.replaceChildren(...(drawn ? [drawn] : []))
  if (aside && !aside.contains(document.activeElement)) aside.replaceChildren(...facets(h, counts, view))
}

async function read(path: string): Promise<unknown> {
  const response = await fetch(underBase(path)).catch(() => undefined)
  return response?.ok ? response.json() : undefined
}
