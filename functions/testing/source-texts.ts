import { type Token, tokensOf } from './source-tokens.ts'

export const kinds = ['messages', 'labels', 'titles', 'comments'] as const
export type Kind = (typeof kinds)[number]
export type SourceText = { line: number; text: string }

const messageCall = /\b(?:new \w*(?:Problem|Error)|log\??\.\w+|console\.\w+|invalid|problem|description)$/
const messageName = /\b(?:throw|detail|title|message|reason|summary|usage|help|description)\s*[:=]\s*[^,;{}\n]*$/
const titleCall = /(?:\b(?:test|it|describe)(?:\.\w+)*|\))\(\s*$/
const tableOfTitles = /\.each(?:<.*>)?$/s
const labelAttribute = /\b(?:aria-label|title|placeholder|alt|content)="([^"]+)"/g

const isTest = (file: string) => /\.(?:test|testsuite)\.ts$/.test(file)
const isOfViewer = (file: string) => file.startsWith('functions/query/viewer/') && !isTest(file)

/** The texts of one kind in a file, in order; a line break in a text becomes a space. */
export function textsOf(kind: Kind, file: string, source: string): SourceText[] {
  if (!file.endsWith('.ts')) return kind === 'comments' ? hashComments(source) : []
  const lines = lineStarts(source)
  return tokensOf(source)
    .flatMap((token) =>
      textsIn[kind](file, token).map((text) => ({ token, text: text.replaceAll(/\s+/g, ' ').trim() })),
    )
    .filter(({ text }) => /[a-z]{2}/i.test(text))
    .map(({ token, text }) => ({ line: lines.findLastIndex((start) => start <= token.at) + 1, text }))
}

const textsIn: { readonly [kind in Kind]: (file: string, token: Token) => readonly string[] } = {
  comments: (_file, { kind, text }) => (kind === 'comment' ? [text] : []),

  titles(file, { kind, text, before, calls }) {
    if (kind === 'comment' || !isTest(file)) return []
    const isRowName = text.includes(' ') && /\[\s*$/.test(before) && tableOfTitles.test(calls.at(-3) ?? '')
    return titleCall.test(before) || isRowName ? [text] : []
  },

  messages(file, { kind, text, before, calls }) {
    if (kind === 'comment' || isTest(file) || !text.includes(' ')) return []
    return messageName.test(before) || calls.some((call) => messageCall.test(call)) ? [text] : []
  },

  labels(file, { kind, text, before }) {
    if (kind === 'comment' || !isOfViewer(file)) return []
    if (/\bhtml$/.test(before)) return labelsOfMarkup(text)
    return /^\W*[A-Z].*[a-z]|\w \w/.test(text) && !/\bclass\w*:\s*$/.test(before) ? [text] : []
  },
}

function labelsOfMarkup(markup: string): string[] {
  const attributes = [...markup.matchAll(labelAttribute)].map(([, text = '']) => text)
  return [...attributes, ...markup.split(/<[^>]*>/)].filter((text) => !text.includes('="'))
}

/** Comments of YAML, shell scripts and Dockerfiles: neighboring lines are one text. */
function hashComments(source: string): SourceText[] {
  const found: SourceText[] = []
  let previous: number | undefined
  for (const [index, line] of source.split('\n').entries()) {
    const [, own, text = ''] = /^(\s*|.*\s)#(?!!)\s*(.+)$/.exec(line) ?? []
    const isAlone = own?.trim() === ''
    const last = found.at(-1)
    if (last && isAlone && previous === index - 1) last.text += ` ${text}`
    else if (own !== undefined) found.push({ line: index + 1, text })
    previous = isAlone ? index : undefined
  }
  return found
}

function lineStarts(source: string): number[] {
  return [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)]
}
