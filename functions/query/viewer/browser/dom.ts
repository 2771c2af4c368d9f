import type { Child, H } from '../views/h.ts'

const drawings: readonly string[] = ['svg', 'rect']

/** Makes elements of a drawing. Text only ever becomes text nodes. */
export const svg = make(() => 'http://www.w3.org/2000/svg')
/** Makes elements of a page, and drawings without links. */
export const h = make((tag) => `http://www.w3.org/${drawings.includes(tag) ? '2000/svg' : '1999/xhtml'}`)

function make(namespaceOf: (tag: string) => string): H<Element> {
  return (tag, attributes, ...children) => {
    const element = document.createElementNS(namespaceOf(tag), tag)
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === undefined || value === false) continue
      const isLink = name === 'href' || name === 'data-copies'
      element.setAttribute(name, isLink ? underBase(String(value)) : value === true ? '' : String(value))
    }
    append(element, children)
    return element
  }
}

export const basePath = document.documentElement.dataset['base'] ?? ''
/** The tenant in the address of this page, which an operator chose. */
const { tenant } = document.documentElement.dataset
/** The tenant whose log this is; undefined if nobody has to sign in. */
export const { whose } = document.documentElement.dataset
/** Links are written as if the log were at the root of its origin and had one tenant; this is where it is. */
export const underBase = (path: string) => (path.startsWith('/') ? basePath + withTenant(path) : path)
const withTenant = (path: string) =>
  tenant === undefined || /[?&]tenant=/.test(path)
    ? path
    : `${path}${path.includes('?') ? '&' : '?'}tenant=${encodeURIComponent(tenant)}`

function append(parent: Element, children: readonly Child<Element>[]) {
  for (const child of children) {
    if (child instanceof Element || typeof child === 'string') parent.append(child)
    else if (typeof child === 'number') parent.append(String(child))
    else if (child) append(parent, child)
  }
}

export const one = <Kind extends Element = HTMLElement>(selector: string, within: ParentNode = document) =>
  within.querySelector<Kind>(selector)
export const all = <Kind extends Element = HTMLElement>(selector: string, within: ParentNode = document) => [
  ...within.querySelectorAll<Kind>(selector),
]

/** Announces a text to screen readers. */
export function say(text: string) {
  const said = one('#said')
  if (said) said.textContent = text
}
