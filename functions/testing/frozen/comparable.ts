import type { Answer } from './frozen-answer.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
export type Comparable = { status: number; headers: { [name: string]: Json }; body: Json }

/**
 * The comparable part of an answer: the members of JSON, the links of a page and the foreign text that it shows, the
 * routes of the contract, and the text of anything else.
 */
export function comparable(answer: Answer, isOfContract: boolean): Comparable {
  return withoutTokens(withSortedRows(readAnswer(answer, isOfContract))) as Comparable
}

/**
 * Sorts the rows of lists and exports by their texts, because activities of the same instant were listed in another
 * order by the recorded version.
 */
function withSortedRows({ status, headers, body }: Comparable): Comparable {
  if (typeof body === 'string') {
    const isExport = /^(text\/csv|application\/x-ndjson)/.test(String(headers['content-type']))
    return {
      status,
      headers,
      body: isExport
        ? body
            .split(/(?<=\n)/)
            .sort()
            .join('')
        : body,
    }
  }
  const data = (body as { data?: Json } | null)?.data
  if (!Array.isArray(data)) return { status, headers, body }
  const sorted = data.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
  return { status, headers, body: { ...(body as object), data: sorted } }
}

/** The instants of the rows instead of the rows. */
export function onlyInstants({ status, headers, body }: Comparable): Comparable {
  const { data } = body as unknown as { data: readonly { timestamp: string }[] }
  return { status, headers, body: { ...(body as object), data: data.map(({ timestamp }) => timestamp).sort() } }
}

/** Rows have an id, and counts have a key. */
const nameOf = (row: Json) => String((row as { id?: Json }).id ?? (row as { key?: Json }).key)

/** Leaves out the tokens that only the log reads, because their format has a version of its own. */
function withoutTokens(value: Json): Json {
  if (typeof value === 'string') return value.replace(/\b(cursor|asOf)=[\w-]+|^(id: )[\w-]{6,}$/gm, '$1$2(token)')
  if (Array.isArray(value)) return value.map(withoutTokens)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'asOf' && member ? '(token)' : withoutTokens(member),
    ]),
  )
}

function readAnswer({ status, headers, body }: Answer, isOfContract: boolean): Comparable {
  const isContract = isOfContract && status < 400
  const type = String(headers['content-type'] ?? '')
  const kept: Comparable['headers'] = { ...headers }
  const isPage = type.startsWith('text/html')
  if (isPage || isContract) delete kept['etag']
  if (typeof body !== 'string') return { status, headers: kept, body }
  if (isPage) return { status, headers: kept, body: pageOf(body) }
  if (!/^application\/([\w.-]+\+)?json/.test(type) || body === '') return { status, headers: kept, body }
  const json: Json = JSON.parse(body)
  return { status, headers: kept, body: isContract ? routesOf(json) : json }
}

/** Foreign text is in elements of its own, so it can be compared whatever the page says around it. */
function pageOf(page: string): Json {
  // the bars of a histogram may change with its looks; tests of its own check where they lead
  const html = page.replace(/<figure class="histogram".*?<\/figure>/gs, '')
  const all = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, value = '']) => unescaped(value))
  const links = all(/\s(?:href|src|action)="([^"]*)"/g).map((link) => link.replace(/^(\/assets\/\w+)-\w+/, '$1'))
  return {
    links: [...new Set(links)],
    shown: [...new Set(all(/<bdi[^>]*>([^<]*)<\/bdi>/g))],
    times: [...new Set(all(/\sdatetime="([^"]*)"/g))],
  }
}

const entities: { readonly [entity: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_all, name: string) => entities[name] ?? '')

type Operation = {
  parameters?: readonly { name: string; in: string; required?: boolean }[]
  requestBody?: { content: object }
  responses: { [status: string]: { content?: object } }
}

function routesOf(contract: Json): Json {
  const { paths } = contract as unknown as { paths: { [path: string]: { [method: string]: Operation } } }
  return mapped(paths, (methods) => mapped(methods, operationOf))
}

function operationOf({ parameters = [], requestBody, responses }: Operation): Json {
  return {
    parameters: parameters
      .filter(({ name }) => name !== 'tenant')
      .map(({ name, in: place, required = false }) => `${place} ${name}${required ? ', required' : ''}`),
    ...(parameters.some(({ name }) => name === 'tenant') && { takesTenant: true }),
    takes: Object.keys(requestBody?.content ?? {}),
    answers: mapped(responses ?? {}, ({ content = {} }) => Object.keys(content)),
  }
}

const mapped = <Value>(object: { [name: string]: Value }, change: (value: Value) => Json): Json =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))

/** Leaves out the wording of problems; their types and pointers stay. */
export function withoutTexts(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutTexts)
  if (value === null || typeof value !== 'object') return value
  const members = value as { readonly [name: string]: Json }
  const isProblem = String(members['type']).startsWith('urn:')
  const isError = typeof members['pointer'] === 'string'
  const kept = Object.entries(members).filter(
    ([name]) =>
      !(
        (isProblem && name === 'title') ||
        ((isProblem || isError) && name === 'detail') ||
        name === 'ce-knativeerrordata'
      ),
  )
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutTexts(member)]))
}
