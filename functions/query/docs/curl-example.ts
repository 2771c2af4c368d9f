import type { Operation, Parameter } from './contract.ts'

/** A command that runs as it is, once $LOG is set to the origin. */
export function curlExample(method: string, path: string, { parameters = [], requestBody }: Operation): string {
  const filled = parameters.reduce((url, each) => url.replace(`{${each.name}}`, exampleOf(each)), path)
  const query = parameters.filter((each) => each.in === 'query' && each.required)
  const search = query.map((each) => `${each.name}=${exampleOf(each)}`).join('&')
  const words = ['curl']
  if (method !== 'get') words.push(`-X ${method.toUpperCase()}`)
  words.push(`"$LOG${filled}${search && `?${search}`}"`)
  const [type, body] = Object.entries(requestBody?.content ?? {})[0] ?? []
  const [example] = Object.values(body?.examples ?? {})
  if (type && example) words.push(`-H 'content-type: ${type}'`, `\\\n  -d '${JSON.stringify(example.value)}'`)
  return words.join(' ')
}

function exampleOf({ name, schema }: Parameter): string {
  return String(schema.examples?.[0] ?? schema.default ?? schema.enum?.[0] ?? name.toUpperCase())
}
