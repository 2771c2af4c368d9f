import { outcomes } from '@activity-log/shared/outcome.ts'
import { html } from 'hono/html'
import { h } from './html-elements.ts'
import { navigation, type Page, type PageRequest, problemContent, retryHeaders } from './viewer-page.ts'
import { timeElement } from './views/activity-row.ts'
import { number } from './views/histogram.ts'
import { apiHref } from './views/view.ts'

type Partition = {
  partition: number
  first: number
  last: number
  counts: { [outcome: string]: number }
  missing: { from: number; to: number }[]
  missingCount: number
  uncounted?: boolean
}
type Waiting = { offset: number; since: string; attempts: number; reason: string }
type LedgerSummary = {
  complete: boolean
  completeThrough: string | null
  partitions: Partition[]
  uncountedPartitions?: true
  waiting?: { count: number; first: Waiting[] }
}

/** Shows the outcomes of all records, partition by partition, from `GET /ledger`. */
export async function ledgerPage({ view, zone, ask }: PageRequest): Promise<Page> {
  const path = '/viewer/ledger'
  // an operator goes back to the tenant that they chose
  const { tenant } = view
  const nav = navigation(
    { zone, view, path },
    '',
    html`<a href="${apiHref('/', { tenant })}">Activities</a><a href="${apiHref('/viewer/dead-letters', { tenant })}">Dead letters</a>`,
  )
  const frame = { title: 'Ledger · Activity log', shown: 'page' as const, nav }
  const read = await ask<LedgerSummary>('/ledger')
  if (!read.ok) {
    return {
      ...frame,
      main: problemContent(read.problem, {}, path),
      status: read.problem.status,
      headers: retryHeaders(read.problem),
    }
  }
  const { complete, completeThrough, partitions, uncountedPartitions, waiting } = read.answer
  const rows = partitions.map(({ partition, first, last, counts, missing, missingCount, uncounted }) => {
    const ranges = missing
      .slice(0, 3)
      .map(({ from, to }) => (from === to ? number(from) : `${number(from)}–${number(to)}`))
    const amounts = outcomes.map(
      (outcome) => html`<td class="n" data-label="${outcome}">${number(counts[outcome] ?? 0)}</td>`,
    )
    return html`<tr><th scope="row" data-label="partition">${partition}</th><td class="n" data-label="offsets">${number(first)}–${number(last)}</td>${amounts}
<td class="n" data-label="missing">${missingCount > 0 ? html`<b class="bad">${number(missingCount)}</b> (${ranges.join(', ')}${missing.length > 3 ? ', …' : ''})` : uncounted ? 'still counting' : '0'}</td></tr>`
  })
  const main = html`<h1>Ledger</h1>
<p class="lead">${complete ? html`<b class="good">Complete.</b> Every record up to the newest known one has an outcome.` : html`<b class="bad">Not complete.</b> Some records have no outcome yet: they are in flight or still being counted. If any stay missing, run <code>npm run log -- ledger</code> to look for them.`}${uncountedPartitions ? ' There are records in partitions from 1,000 on, which are not counted.' : ''}${completeThrough ? html` Complete through ${timeElement(h, completeThrough, zone)}.` : ''}</p>
<table class="plain"><thead><tr><th scope="col">Partition</th><th scope="col" class="n">Offsets</th>${outcomes.map((outcome) => html`<th scope="col" class="n">${outcome}</th>`)}<th scope="col" class="n">missing</th></tr></thead><tbody>${rows}</tbody></table>
${waiting && waiting.count > 0 ? waitingList(waiting, zone) : ''}
${partitions.length === 0 ? html`<div class="state"><h2>Nothing to count yet</h2><p>No record has reached the store yet.</p></div>` : ''}
<p class="tools"><a href="/ledger">JSON</a></p>`
  return { ...frame, main }
}

/** Says which records could not be saved yet, since when and why. */
function waitingList({ count, first }: NonNullable<LedgerSummary['waiting']>, zone: PageRequest['zone']) {
  const items = first.map(
    ({ offset, since, attempts, reason }) =>
      html`<li>${number(offset)}, since ${timeElement(h, since, zone)}: ${reason} (${number(attempts)} ${attempts === 1 ? 'attempt' : 'attempts'})</li>`,
  )
  return html`<h2>Waiting for another attempt</h2>
<p>${number(count)} ${count === 1 ? 'record' : 'records'} could not be saved yet. ${count > first.length ? 'These have waited longest, by their offset:' : 'By their offset:'}</p>
<ul>${items}</ul>`
}
