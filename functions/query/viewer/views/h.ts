export type Attributes = { readonly [name: string]: string | number | boolean | undefined }
export type Child<Node> = Node | string | number | null | undefined | false | readonly Child<Node>[]

/**
 * Makes an element. The server's version makes HTML (hono/jsx escapes all text and attributes), the browser's makes DOM
 * nodes (text becomes text nodes). A view looks the same from both, and its data are never parsed as HTML.
 */
export type H<Node> = (tag: string, attributes: Attributes | null, ...children: Child<Node>[]) => Node

/** Characters that change the direction of the text after them, and could make one name look like another. */
const directions: { readonly [character: string]: string } = {
  '\u061c': 'ALM',
  '\u200e': 'LRM',
  '\u200f': 'RLM',
  '\u202a': 'LRE',
  '\u202b': 'RLE',
  '\u202c': 'PDF',
  '\u202d': 'LRO',
  '\u202e': 'RLO',
  '\u2066': 'LRI',
  '\u2067': 'RLI',
  '\u2068': 'FSI',
  '\u2069': 'PDI',
}

/** Shows control characters as their symbols: an HTML parser drops some of them, and the others are invisible. */
export const visible = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters on purpose
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (control) => {
    const direction = directions[control]
    if (direction) return `⟦${direction}⟧`
    return control === '\u007f' ? '\u2421' : String.fromCharCode(0x2400 + control.charCodeAt(0))
  })

/** Isolates text that users sent, so that its writing direction does not affect the text around it. */
export const foreign = <Node>(h: H<Node>, text: string) => h('bdi', null, visible(text))
