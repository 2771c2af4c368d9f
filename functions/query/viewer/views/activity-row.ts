import { type Child, foreign, type H, visible } from './h.ts'
import { type Json, metadataAt, metadataLine, metadataTree, shortened } from './metadata-tree.ts'
import { exactAction, notAction } from './names.ts'
import { valueLinks } from './value-links.ts'
import { apiHref, columnNames, columnsOf, href, type PlainColumn, type View } from './view.ts'
import { readInstant, timeText } from './zone-time.ts'

/** An activity as the API returns it. */
export type ShownActivity = {
  id: string
  userId: string
  action: string
  timestamp: string
  metadata?: { readonly [name: string]: Json }
  recordedAt: string
}

/**
 * How much of an activity is drawn. Each link repeats the address of the page, so a row has none if that is long. A line
 * has neither links nor details.
 */
export type Extent = 'whole' | 'without links' | 'line'

const maxRepeatedLength = 1024

/** How much of its rows a page draws. */
export const extentFor = (view: View): Extent => (href(view).length > maxRepeatedLength ? 'without links' : 'whole')

export function timeElement<Node>(h: H<Node>, text: string, zone: string): Node {
  const ms = readInstant(text)
  if (Number.isNaN(ms)) return h('span', null, visible(text))
  const { date, time, millis } = timeText(ms, zone)
  const parts = [h('span', { class: 'date' }, date), ' ', time, millis && h('span', { class: 'millis' }, millis)]
  return h('time', { datetime: new Date(ms).toISOString() }, parts)
}

export const columnLabel = (name: string) =>
  Object.hasOwn(columnNames, name)
    ? columnNames[name as PlainColumn]
    : shortened(visible(name.slice('metadata.'.length)))

/**
 * The tbody of one activity: its row, and the details that open below it. An activity that cannot be drawn affects only
 * its own row, not the page.
 */
export function activityRow<Node>(
  h: H<Node>,
  activity: ShownActivity,
  view: View,
  zone: string,
  extent = extentFor(view),
): Node {
  try {
    return drawnRow(h, activity, view, zone, extent)
  } catch {
    const id = String(activity?.id)
    const link = h('a', { href: `/logs/${encodeURIComponent(id)}` }, 'JSON')
    const text = ['This activity cannot be shown here; its ', link, ' can.']
    return h(
      'tbody',
      { 'data-id': id },
      h('tr', { class: 'undrawn' }, h('td', { colspan: columnsOf(view).length + 1 }, text)),
    )
  }
}

function drawnRow<Node>(h: H<Node>, activity: ShownActivity, view: View, zone: string, extent: Extent): Node {
  const columns = columnsOf(view)
  const { id, userId, action } = activity
  const label = `Details of ${visible(action)} by ${visible(userId)}`
  const toggle = h('details', { class: 'toggle' }, h('summary', { 'aria-label': label }))
  const cells = columns.map((name) => {
    const kind = Object.hasOwn(columnNames, name) ? name : 'path'
    return h('td', { class: `c-${kind}`, 'data-label': columnLabel(name) }, cell(h, name, activity, view, zone, extent))
  })
  return h(
    'tbody',
    { 'data-id': id },
    h('tr', { class: 'activity' }, h('td', { class: 'c-toggle' }, toggle), cells),
    h(
      'tr',
      { class: 'opened' },
      h('td', { colspan: columns.length + 1 }, activityDetails(h, activity, view, zone, extent)),
    ),
  )
}

function cell<Node>(
  h: H<Node>,
  name: string,
  activity: ShownActivity,
  view: View,
  zone: string,
  extent: Extent,
): Child<Node> {
  const { id, userId, action, timestamp, metadata, recordedAt } = activity
  switch (name) {
    case 'time':
      return timeElement(h, timestamp, zone)
    case 'user':
      if (extent !== 'whole') return foreign(h, userId)
      return h('a', { href: href(view, { userId }), title: 'Only this user' }, foreign(h, userId))
    case 'action':
      if (extent !== 'whole') return foreign(h, action)
      return [
        h('a', { href: href(view, { action: exactAction(action) }), title: 'Only this action' }, foreign(h, action)),
        // the details have the same link, for the keyboard as well
        h(
          'a',
          {
            class: 'not',
            href: href(view, { action: notAction(view, action) }),
            title: 'Not this action',
            'aria-label': 'Not this action',
            tabindex: -1,
          },
          '≠',
        ),
      ]
    case 'metadata':
      return h('div', { class: 'line' }, metadata ? metadataLine(h, metadata) : '')
    case 'id':
      return h('a', { href: activityHref(id) }, id)
    case 'recorded':
      return timeElement(h, recordedAt, zone)
    default:
      return foreign(h, metadataAt(metadata, name.split('.').slice(1)))
  }
}

export const activityHref = (id: string) => `/viewer/logs/${encodeURIComponent(id)}`

/** Everything known about one activity, and links to use it. */
export function activityDetails<Node>(
  h: H<Node>,
  activity: ShownActivity,
  view: View,
  zone: string,
  extent = extentFor(view),
): Node {
  const { id, userId, action, timestamp, metadata, recordedAt } = activity
  if (extent === 'line') return h('div', { class: 'details' }, tools(h, id))
  // the API rejects a metadata filter alone, so the action is added
  const isNarrow = view['userId'] !== undefined || view['action'] !== undefined
  const links = extent === 'whole' ? valueLinks(view, isNarrow ? undefined : action) : undefined
  const fact = (name: string, value: Child<Node>) => h('div', null, h('dt', null, name), h('dd', null, value))
  const quiet = (text: string, changes: Parameters<typeof href>[1], what: string) =>
    links && h('a', { class: 'quiet', href: href(view, changes), 'aria-label': `${text} ${what}` }, text)
  return h(
    'div',
    { class: 'details' },
    h(
      'dl',
      { class: 'facts' },
      fact('User', [foreign(h, userId), quiet('only this', { userId }, 'user')]),
      fact('Action', [
        foreign(h, action),
        quiet('only this', { action: exactAction(action) }, 'action'),
        quiet('not this', { action: notAction(view, action) }, 'action'),
      ]),
      fact(zone, timeElement(h, timestamp, zone)),
      fact('As sent', timestamp),
      fact('Recorded', timeElement(h, recordedAt, zone)),
      fact('Id', h('code', null, id)),
    ),
    metadata && Object.keys(metadata).length > 0
      ? metadataTree(h, metadata, links)
      : h('p', { class: 'none' }, 'No metadata.'),
    tools(h, id),
  )
}

const tools = <Node>(h: H<Node>, id: string): Node =>
  h(
    'p',
    { class: 'tools', 'data-copies': apiHref(`/logs/${encodeURIComponent(id)}`, {}) },
    h('a', { class: 'context', href: activityHref(id) }, 'Open with context'),
    h('a', { href: `/logs/${encodeURIComponent(id)}` }, 'JSON'),
  )
