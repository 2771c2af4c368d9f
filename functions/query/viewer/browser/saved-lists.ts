import { apiHref, href, viewOf } from '../views/view.ts'
import { basePath, h, one, say, whose } from './dom.ts'
import { view } from './page-view.ts'

type Saved = { name: string; search: string }

/**
 * The browser keeps the lists for this log and its tenant only, and only here: whoever signs in next in this browser, for
 * another tenant, does not see them.
 */
const key = `activity-log${basePath}:saved-lists${whose === undefined ? '' : ` of ${whose}`}`
const maxSaved = 50
const maxNameCharacters = 60

/** Offers to keep the list as a link with a name. Without storage, as in some private windows, there is no offer. */
export function startSaved() {
  const bar = one('.listed > .bar')
  if (!bar || !canStore()) return
  const lists = h('ul', null) as HTMLElement
  const field = h('input', { name: 'name', placeholder: 'name of this list', 'aria-label': 'Name of this list' })
  field.setAttribute('maxlength', String(maxNameCharacters))
  const form = h('form', { class: 'save' }, field, h('button', null, 'Save')) as HTMLFormElement
  const menu = h('details', { class: 'menu', id: 'saved' }, h('summary', { class: 'button' }, 'Saved'))
  menu.append(h('div', { class: 'panel' }, form, lists))
  bar.append(menu)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    event.stopPropagation()
    const name = String(new FormData(form).get('name') ?? '').trim()
    if (name === '') return
    const others = read().filter((each) => each.name !== name)
    write([{ name, search: searchOfList() }, ...others].slice(0, maxSaved))
    form.reset()
    say(`Saved as ${name}`)
    show()
  })
  show()

  function show() {
    const saved = read()
    lists.replaceChildren(...saved.map(itemOf))
    if (saved.length === 0) lists.append(h('li', { class: 'none' }, 'Nothing saved yet.'))
  }

  function itemOf({ name, search }: Saved): Element {
    const remove = h('button', { type: 'button', 'aria-label': `Forget ${name}`, title: 'Forget' }, '×')
    remove.addEventListener('click', () => {
      write(read().filter((each) => each.name !== name))
      show()
    })
    return h('li', null, h('a', { href: apiHref('/', parametersOf(search)) }, h('bdi', null, name)), remove)
  }
}

const parametersOf = (search: string) => viewOf(new URLSearchParams(search))

/** The filters and looks of this list, without its place and its snapshot: a saved list shows what is there then. */
const searchOfList = () =>
  href(view, { page: undefined, cursor: undefined, asOf: undefined, counts: undefined }).replace(/^[^?]*/, '')

function read(): Saved[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(saved) ? saved.filter(isSaved) : []
  } catch {
    return []
  }
}

const isSaved = (item: Partial<Saved> | null): item is Saved =>
  typeof item?.name === 'string' && typeof item.search === 'string'

function write(saved: readonly Saved[]) {
  try {
    localStorage.setItem(key, JSON.stringify(saved))
  } catch {
    say('The browser does not allow saving')
  }
}

function canStore(): boolean {
  try {
    localStorage.setItem(`${key}?`, '')
    localStorage.removeItem(`${key}?`)
    return true
  } catch {
    return false
  }
}
