import { html } from 'hono/html'
import { h } from './html-elements.ts'
import { drawRows } from './list-table.ts'
import { navigation, type Page, type PageRequest, problemContent, retryHeaders } from './viewer-page.ts'
import { activityDetails, type ShownActivity } from './views/activity-row.ts'
import { foreign, visible } from './views/h.ts'
import { href } from './views/view.ts'

type Context = { before: ShownActivity[]; after: ShownActivity[] }

/** Shows one activity, and what the same user did just before and after. */
export async function activityPage(request: PageRequest): Promise<Page> {
  const { view, zone, id, ask, askText, drawing } = request
  const path = `/logs/${encodeURIComponent(id)}`
  const here = `/viewer${path}`
  const nav = navigation({ zone, view: {}, path: here }, '', html`<a href="/">Activities</a>`)
  const found = await ask<ShownActivity>(path)
  const frame = { title: `${visible(id)} · Activity log`, shown: 'page' as const, nav }
  if (!found.ok) {
    const { problem } = found
    return { ...frame, main: problemContent(problem, {}, here), status: problem.status, headers: retryHeaders(problem) }
  }
  const { answer } = found
  const columns = { columns: 'time,action,metadata' }
  const around = await drawing.load(() => askText(`${path}/context?around=20`), href(view))
  const context: Context | undefined = around.ok ? JSON.parse(around.answer) : undefined
  const rows = (activities: readonly ShownActivity[]) =>
    drawRows(activities, { ...request, view: { ...view, ...columns } })
  const inContext = context
    ? html`<section aria-label="Before and after"><h2>${foreign(h, answer.userId)} just before and after</h2>
<table id="activities"><thead><tr><th scope="col" class="c-toggle"><span class="visually-hidden">Details</span></th><th scope="col" class="c-time">Time</th><th scope="col" class="c-action">Action</th><th scope="col" class="c-metadata">Metadata</th></tr></thead>
${await rows(context.after.toReversed())}${h('tbody', { class: 'this' }, h('tr', null, h('td', { colspan: 4 }, 'this activity')))}${await rows(context.before.toReversed())}</table></section>`
    : html`<p><a class="button" href="${href({}, { userId: answer.userId })}">All activities of ${foreign(h, answer.userId)}</a></p>`
  const main = html`<article class="one"><h1>${foreign(h, answer.action)} <span class="by">by</span> ${foreign(h, answer.userId)}</h1>
${activityDetails(h, answer, {}, zone)}</article>${inContext}`
  return { ...frame, main }
}
