import type { Caller } from '@activity-log/shared/http/route.ts'
import { html } from 'hono/html'
import type { Content } from './html-document.ts'

/**
 * What an operator can do about a dead letter. Opening each part is the step before the button that does it, so nothing
 * happens by one click, and none of it needs scripts. persist takes the forms (functions/persist/operate-page.ts).
 */
export function deadLetterActs(path: string, caller: Caller): Content {
  const tenant = caller.isNamed ? `?tenant=${encodeURIComponent(caller.tenant)}` : ''
  const key = caller.keyId === undefined ? '' : ' -H "authorization: Bearer $ACTIVITY_LOG_KEY"'
  const addressed = html`<span data-origin>https://YOUR-LOG</span>${path}`
  const form = (act: string, fields: Content) =>
    html`<form action="/viewer${path}${tenant}" method="post"><input type="hidden" name="do" value="${act}">${fields}</form>`
  return html`<section class="acts" aria-labelledby="acts"><h2 id="acts">Next steps</h2>
<details><summary>Replay …</summary>${form(
    'replay',
    html`<p>The record is saved as it is, if it can be now. Replaying it again is safe.</p><button class="primary">Replay it</button>`,
  )}</details>
<details><summary>Discard …</summary>${form(
    'discard',
    html`<label>Why is it not needed? <input name="note" required maxlength="1000" autocomplete="off"></label><button>Discard it</button>`,
  )}</details>
<details><summary>With curl, also corrected …</summary><p>The body of a replay is the corrected activity; without one, the record is saved as it is.</p>
<pre tabindex="0"><code>curl -X POST ${addressed}/replay${tenant}${key}
curl -X DELETE ${addressed}${tenant}${key} -H 'content-type: application/json' -d '{"note":"a test"}'</code></pre></details></section>`
}
