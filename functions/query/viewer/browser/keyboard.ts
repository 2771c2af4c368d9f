import { addCopies } from './copy.ts'
import { all, one } from './dom.ts'

const summaries = () => all('.toggle > summary')

/** Starts the keyboard shortcuts that html-document.ts lists. */
export function startKeyboard() {
  const dialog = one<HTMLDialogElement>('#keys')
  const help = one<HTMLButtonElement>('#help')
  if (help) {
    help.hidden = false
    help.addEventListener('click', () => dialog?.showModal())
  }
  document.addEventListener('keydown', (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || dialog?.open) return
    const { target, key } = event
    if (key === 'Escape') return close(target)
    if (target instanceof HTMLElement && target.closest('input, select, textarea')) return
    const act = keys[key]
    if (!act) return
    event.preventDefault()
    act()
  })
  // a click anywhere in a row opens it, except on a link or while text is being selected
  document.addEventListener('click', ({ target }) => {
    const row =
      target instanceof Element && !target.closest('a, summary, button') ? target.closest('tr.activity') : null
    if (row && getSelection()?.isCollapsed !== false) one('summary', row)?.click()
  })
  // listens while capturing, since toggle does not bubble
  document.addEventListener(
    'toggle',
    ({ target }) => {
      if (!(target instanceof HTMLDetailsElement) || !target.open) return
      const body = target.closest('tbody')
      if (target.matches('.toggle') && body) addCopies(body)
    },
    true,
  )
}

const keys: { [key: string]: () => void } = {
  j: () => move(1),
  k: () => move(-1),
  n: () => one('.paging [rel=next]')?.click(),
  p: () => one('.paging [rel=prev]')?.click(),
  l: () => one('#live')?.click(),
  '/': () => one<HTMLInputElement>('#search input:not([type=hidden])')?.select(),
  '?': () => one<HTMLDialogElement>('#keys')?.showModal(),
}

function move(by: number) {
  const rows = summaries()
  const body = document.activeElement?.closest('tbody')
  const at = rows.findIndex((row) => row.closest('tbody') === body)
  const next = rows[at === -1 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))]
  next?.focus()
  next?.closest('tr')?.scrollIntoView({ block: 'nearest' })
}

/** Closes the innermost open element around the focus. */
function close(target: EventTarget | null) {
  if (!(target instanceof HTMLElement)) return
  if (target.closest('#search')) return target.blur()
  const menu = target.closest<HTMLDetailsElement>('details.menu[open]')
  const row = target.closest('tbody')
  const open = menu ?? (row && one<HTMLDetailsElement>('.toggle[open]', row))
  if (!open) return
  open.open = false
  one('summary', open)?.focus()
}
