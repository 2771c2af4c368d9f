export type Attributes = { readonly [name: string]: string | number | boolean | undefined }
export type Child<Node> = Node | string | number | null | undefined | false | readonly Child<Node>[]

/**
 * Makes an element. The server's version makes HTML (hono/jsx escapes all text and attributes), the browser's makes DOM
 * nodes (text becomes text nodes). A view looks the same from both, and its data are never parsed as HTML.
 */
export type H<Node> = (tag: string, attributes: Attributes | null, ...children: Child<Node>[]) => Node

/** Shows control characters as their symbols: an HTML parser drops some of them, and the others are invisible. */
export const visible = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters on purpose
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, (control) =>
    control === '\u007f' ? '\u2421' : String.fromCharCode(0x2400 + control.charCodeAt(0)),
  )

/** Isolates text that users sent, so that its writing direction does not affect the text around it. */
export const foreign = <Node>(h: H<Node>, text: string) => h('bdi', null, visible(text))
