import { basePath, h, one, say, underBase } from './dom.ts'

/** Copies links, JSON and commands, with the origin that the browser knows. */
export function startCopy() {
  for (const place of document.querySelectorAll('[data-origin]')) place.textContent = location.origin + basePath
  for (const button of document.querySelectorAll<HTMLElement>('[data-copy][hidden]')) button.hidden = false
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-copy]') : null
    if (button) void copy(button)
  })
  const share = one<HTMLAnchorElement>('#share')
  share?.addEventListener('click', (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    void put(share, share.href)
  })
}

/** Adds copy buttons to the details of an activity when they open, since a page may have thousands of rows. */
export function addCopies(details: Element) {
  const tools = one('.tools', details)
  if (!tools || one('[data-copy]', tools)) return
  for (const [kind, text] of Object.entries({ link: 'Copy link', json: 'Copy JSON', curl: 'Copy curl' })) {
    tools.append(h('button', { type: 'button', 'data-copy': kind }, text))
  }
}

async function copy(button: HTMLElement) {
  const path = button.closest<HTMLElement>('[data-copies]')?.dataset['copies'] ?? ''
  const url = location.origin + path.replaceAll("'", '%27')
  if (button.dataset['copy'] === 'link')
    return put(button, location.origin + underBase(`/viewer${path.slice(basePath.length)}`))
  if (button.dataset['copy'] === 'curl') return put(button, `curl ${keyOf()}'${url}'`)
  const answer = await fetch(path).catch(() => undefined)
  if (!answer?.ok) return tell(button, 'The activity could not be loaded; try again')
  const text = JSON.stringify(await answer.json(), null, 2)
  return put(button, text)
}

/** A command sends a key, where people sign in. */
const keyOf = () => (one('.who') ? '-H "authorization: Bearer $ACTIVITY_LOG_KEY" ' : '')

async function put(element: HTMLElement, text: string) {
  try {
    await navigator.clipboard.writeText(text)
    tell(element, 'Copied')
  } catch {
    tell(element, 'The browser does not allow copying; open the JSON instead')
  }
}

function tell(element: HTMLElement, text: string) {
  const before = element.dataset['text'] ?? element.textContent ?? ''
  element.dataset['text'] = before
  element.textContent = text
  say(text)
  setTimeout(() => {
    element.textContent = before
  }, 1500)
}
