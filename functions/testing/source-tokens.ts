/** A comment, string or template of a TypeScript file. An ellipsis replaces each expression of a template. */
export type Token = {
  kind: 'comment' | 'string' | 'template'
  /** The text without its delimiters. */
  text: string
  at: number
  /** The source before it, back to the start of the file. */
  before: string
  /** The source before each bracket that is open around it, the outermost first. */
  calls: readonly string[]
}

const comment = String.raw`(?:[ \t]*\/\/.*(?:\n(?=[ \t]*\/\/))?)+|\/\*[^]*?\*\/`
const quoted = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`
// a slash begins a regular expression only where a value is expected
const pattern = String.raw`(?<=(?:^|[(,=:[!&|?{};>]|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/`
const lexeme = new RegExp(`${comment}|${quoted}|${pattern}|[()[\\]{}\`]`, 'g')
const templateChunk = /((?:\\.|\$(?!\{)|[^`\\$])*)(`|\$\{)/sy

type Bracket = { before: string; template?: Token }

/** Reads without a parser: enough to find texts, and independent of the compiler's version. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  const open: Bracket[] = []
  let at = 0

  function readTemplate(token: Token) {
    templateChunk.lastIndex = at
    const [all = '', text = '', end] = templateChunk.exec(source) ?? []
    at += all.length
    token.text += end === '`' ? text : `${text}…`
    if (end !== '`') open.push({ before: '', template: token })
  }

  for (;;) {
    lexeme.lastIndex = at
    const match = lexeme.exec(source)
    if (!match) return tokens
    const [found] = match
    at = match.index + found.length
    const before = source.slice(0, match.index)
    const token = { text: '', at: match.index, before, calls: open.map((bracket) => bracket.before) }
    if ('([{'.includes(found)) open.push({ before })
    else if (')]}'.includes(found)) {
      const { template } = open.pop() ?? {}
      if (template) readTemplate(template)
    } else if (found === '`') {
      const template: Token = { ...token, kind: 'template' }
      tokens.push(template)
      readTemplate(template)
    } else if (/^\s*\/[/*]/.test(found)) tokens.push({ ...token, kind: 'comment', text: textOfComment(found) })
    else if (/^['"]/.test(found)) tokens.push({ ...token, kind: 'string', text: found.slice(1, -1) })
  }
}

function textOfComment(comment: string): string {
  return comment.replaceAll(/^\s*(?:\/\*\*?|\/\/|\*(?!\/))|\*\/$/gm, '').trim()
}
