import type { JSXNode } from 'hono/jsx'
// this imports the runtime alone, without the parts for browsers
import { jsx } from 'hono/jsx/jsx-runtime'
import type { H } from './views/h.ts'

/** Makes elements as HTML, and escapes text and the values of attributes. */
export const h: H<JSXNode> = (tag, attributes, ...children) => jsx(tag, { ...attributes, children }, undefined)
