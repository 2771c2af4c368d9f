import type { Histogram } from './counts.ts'
import type { H } from './h.ts'
import { href, type View } from './view.ts'
import { wallTime } from './zone-time.ts'

export const number = (value: number) => value.toLocaleString('en-US')

const plural = { hour: 'hours', day: 'days', week: 'weeks', month: 'months', year: 'years' }

/** "2024-01-15 10:00" for an hour, "2024-01-15" for a day. */
export const barLabel = (ms: number, unit: Histogram['unit'], zone: string) => {
  const wall = wallTime(ms, zone)
  return {
    hour: wall.slice(0, 16).replace('T', ' '),
    day: wall.slice(0, 10),
    week: wall.slice(0, 10),
    month: wall.slice(0, 7),
    year: wall.slice(0, 4),
  }[unit]
}

const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')
export const rangeHref = (view: View, from: number, to: number) => href(view, { from: iso(from), to: iso(to) })

/**
 * Activities over time, as bars that link to their time. The script lets the reader choose a range on it. `svg` makes
 * the elements of a drawing, whose links differ from those of a page.
 */
export function histogram<Node>(h: H<Node>, svg: H<Node>, counted: Histogram, view: View, zone: string): Node {
  const { bars, unit, outside } = counted
  const max = Math.max(1, ...bars.map(({ count }) => count))
  const drawn = bars.map(({ from, to, count }, at) => {
    const height = count === 0 ? 0 : Math.max(2, (100 * count) / max)
    return svg(
      'a',
      { href: rangeHref(view, from, to), tabindex: -1 },
      svg('title', null, `${barLabel(from, unit, zone)}: ${number(count)}`),
      svg('rect', { class: 'hit', x: at, width: 1, y: 0, height: 100 }),
      svg('rect', { class: 'bar', x: at + 0.1, width: 0.8, y: 100 - height, height }),
    )
  })
  const first = bars[0]?.from ?? 0
  const last = bars.at(-1)?.to ?? 0
  const end = bars.at(-1)?.from ?? 0
  const ticks = bars.length < 4 ? [0] : [0, 1, 2, 3].map((quarter) => Math.floor((bars.length * quarter) / 4))
  const labels = ticks.map((at) => h('span', null, barLabel(bars[at]?.from ?? first, unit, zone)))
  const total = bars.reduce((sum, { count }) => sum + count, 0)
  const said = `${number(total)} activities by ${unit}, ${barLabel(first, unit, zone)} to ${barLabel(end, unit, zone)}; at most ${number(max)} per ${unit}`
  return h(
    'figure',
    {
      class: 'histogram',
      'data-from': first,
      'data-to': last,
      'data-unit': unit,
      'data-bars': bars.map(({ from }) => from).join(','),
    },
    h(
      'div',
      { class: 'plot' },
      svg('svg', { viewBox: `0 0 ${bars.length} 100`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, drawn),
      h('span', { class: 'most', 'aria-hidden': 'true' }, number(max)),
    ),
    h('div', { class: 'ticks', 'aria-hidden': 'true' }, labels),
    h(
      'figcaption',
      null,
      h('span', { class: 'visually-hidden' }, said),
      outside.before > 0 && outsideLink(h, outside.before, 'before', href(view, { to: iso(first) })),
      outside.after > 0 && outsideLink(h, outside.after, 'after', href(view, { from: iso(last) })),
      h(
        'span',
        { class: 'hint', 'aria-hidden': 'true' },
        bars.length === 1 ? `1 ${unit}` : `${bars.length} ${plural[unit]}`,
      ),
    ),
  )
}

/** Says what the range of the bars leaves out, and leads there. */
const outsideLink = <Node>(h: H<Node>, count: number, side: 'before' | 'after', to: string): Node =>
  h(
    'a',
    { class: 'outside', href: to },
    `${number(count)} ${count === 1 ? 'activity' : 'activities'} ${side} this range`,
  )
