export type Attributes = { readonly [name: string]: string | number | boolean | undefined }
export type Child<Node> = Node | string | number | null | undefined | false | readonly Child<Node>[]

/**
 * Makes an element. The server's makes HTML (hono/jsx escapes all text and attributes), the browser's makes DOM nodes (text
 * becomes text nodes): what is written with it looks the same from both, and is never interpreted as HTML.
 */
export type H<Node> = (tag: string, attributes: Attributes | null, ...children: Child<Node>[]) => Node

/** Control characters as the signs that stand for them: an HTML parser drops some, and nobody sees the others. */
export const visible = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, (control) =>
    control === '\u007f' ? '\u2421' : String.fromCharCode(0x2400 + control.charCodeAt(0)),
  )

/** Text of others: what it says about its direction ends with it. */
export const foreign = <Node>(h: H<Node>, text: string) => h('bdi', null, visible(text))
