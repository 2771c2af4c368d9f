import { html } from 'hono/html'
import type { DocumentOptions } from './html-document.ts'
import { visible } from './views/h.ts'

export type SignIn = {
  /** Where the person goes then. */
  to: string
  /** The name of the key that the person has signed in with already. */
  name?: string | undefined
  problem?: 'invalid' | 'cannot-read' | 'dropped' | undefined
}

const problems = {
  invalid: 'This key is not valid: it is unknown, not valid yet, expired or revoked. Check that all of it was pasted.',
  'cannot-read': 'This key is valid, but it cannot read the log. Ask for one with the scope read.',
  dropped:
    'The browser did not keep the session. It keeps one for addresses that begin with https://, and for ' +
    'http://localhost; and cookies must be allowed.',
}

export function signInContent({
  to,
  name,
  problem,
}: SignIn): Pick<DocumentOptions, 'title' | 'nav' | 'main' | 'shown'> {
  const main = html`<section class="sign-in">
<h1>Sign in</h1>
${problem ? html`<p class="wrong" role="alert" id="wrong">${problems[problem]}</p>` : ''}
${
  name === undefined
    ? html`<p>This log shows itself to those who have a key. Whoever operates the log gives you one.</p>`
    : html`<p>You are signed in as <b><bdi>${visible(name)}</bdi></b>. <a class="button" href="${to}">Continue</a></p>
<form action="/logout" method="post"><button>Sign out</button></form>
<p>To use another key, paste it here.</p>`
}
<form action="/login" method="post">
<input type="hidden" name="to" value="${to}">
<label for="key">Key</label>
<input id="key" name="key" type="password" required autofocus autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="als_…"${problem === 'invalid' ? html` aria-invalid="true" aria-describedby="wrong"` : ''}>
<button class="primary">Sign in</button>
</form>
<p class="small">The browser keeps a session of 8 hours, and not the key. The session ends when you sign out, and when the key expires or is revoked.</p>
</section>`
  return { title: 'Sign in · Activity log', shown: 'page', nav: '', main }
}
