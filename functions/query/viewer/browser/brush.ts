import type { Unit } from '../views/counts.ts'
import { barLabel, rangeHref } from '../views/histogram.ts'
import { all, h, one, underBase } from './dom.ts'
import { view, zone } from './page-view.ts'

/**
 * Lets the reader choose a range on a histogram: drag over it with a mouse or a finger, or move its two ends with the
 * keyboard (they are ordinary sliders) and press Enter.
 */
export function startBrush(figure: HTMLElement) {
  const plot = one('.plot', figure)
  const { from: _first, to: end = '', bars = '', unit } = figure.dataset
  const edges = [...bars.split(','), end].map(Number)
  const last = edges.length - 1
  if (!plot || last < 2) return
  const label = (at: number) => barLabel(edges[at] ?? 0, unit as Unit, zone)
  const slider = (name: string, value: number) =>
    h('input', { type: 'range', min: 0, max: last, step: 1, value, 'aria-label': name }) as HTMLInputElement
  const start = slider('From', 0)
  const stop = slider('To', last)
  const chosen = svgRange()
  const apply = h('button', { type: 'button', class: 'apply' }) as HTMLButtonElement
  const sliders = h('div', { class: 'sliders' }, start, stop) as HTMLElement
  apply.hidden = true
  plot.append(sliders)
  figure.append(apply)
  one('svg', plot)?.append(chosen)

  const ends = () =>
    [Math.min(start.valueAsNumber, stop.valueAsNumber), Math.max(start.valueAsNumber, stop.valueAsNumber)] as const
  const isPart = () => ends()[1] > ends()[0] && ends()[1] - ends()[0] < last

  function show() {
    const [from, to] = ends()
    start.setAttribute('aria-valuetext', label(start.valueAsNumber))
    stop.setAttribute('aria-valuetext', label(stop.valueAsNumber))
    chosen.setAttribute('x', String(from))
    chosen.setAttribute('width', String(isPart() ? to - from : 0))
    apply.hidden = !isPart()
    apply.textContent = `Show ${label(from)} – ${label(to)}`
  }
  function go() {
    const [from, to] = ends()
    if (isPart()) location.assign(underBase(rangeHref(view, edges[from] ?? 0, edges[to] ?? 0)))
  }
  function reset() {
    start.value = '0'
    stop.value = String(last)
    show()
  }

  sliders.addEventListener('input', show)
  sliders.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') go()
    if (event.key === 'Escape') reset()
  })
  apply.addEventListener('click', go)

  let anchor: number | undefined
  const edgeAt = (event: PointerEvent, round: (at: number) => number) => {
    const { left, width } = plot.getBoundingClientRect()
    return Math.max(0, Math.min(last, round(((event.clientX - left) / width) * last)))
  }
  plot.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.target instanceof HTMLInputElement) return
    anchor = edgeAt(event, Math.floor)
  })
  plot.addEventListener('pointermove', (event) => {
    if (anchor === undefined) return
    const here = edgeAt(event, Math.floor)
    if (here === anchor) return
    plot.setPointerCapture(event.pointerId)
    start.value = String(Math.min(anchor, here))
    stop.value = String(Math.max(anchor, here) + 1)
    show()
  })
  plot.addEventListener('pointerup', (event) => {
    const wasDragged = plot.hasPointerCapture(event.pointerId)
    anchor = undefined
    if (wasDragged) go()
  })
  plot.addEventListener('pointercancel', () => {
    anchor = undefined
    reset()
  })
  // otherwise the browser would focus, select or drag the link under the pointer
  plot.addEventListener('mousedown', (event) => {
    if (!(event.target instanceof HTMLInputElement)) event.preventDefault()
  })
  for (const link of all<SVGElement>('a', plot)) link.addEventListener('dragstart', (event) => event.preventDefault())
  show()
}

function svgRange(): SVGElement {
  const range = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [name, value] of Object.entries({ class: 'chosen', y: '0', height: '100', x: '0', width: '0' }))
    range.setAttribute(name, value)
  return range
}
