import type { JSXNode } from 'hono/jsx'
// without what runs in browsers
import { jsx } from 'hono/jsx/jsx-runtime'
import type { H } from './views/h.ts'

/** Elements as HTML: whatever is text or the value of an attribute is escaped. */
export const h: H<JSXNode> = (tag, attributes, ...children) => jsx(tag, { ...attributes, children }, undefined)
