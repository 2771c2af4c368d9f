import { type JSXNode, jsx } from 'hono/jsx'
import type { H } from './views/h.ts'

/** Elements as HTML: whatever is text or the value of an attribute is escaped. */
export const h: H<JSXNode> = (tag, attributes, ...children) => jsx(tag, attributes ?? {}, ...(children as string[]))
