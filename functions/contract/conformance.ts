import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { contract } from './openapi-document.ts'

type Described = { responses: { [status: string]: { content?: { [mediaType: string]: { schema: object } } } } }

/** Reports answers that the contract does not describe, and statuses of the contract that no answer has had yet. */
export function openConformance() {
  const { paths, components } = contract()
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'contract', components })
  const validators = new Map<object, ReturnType<typeof ajv.compile>>()
  const seen = new Set<string>()
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, described: described as Described })),
  )

  /** `path` is a path of the contract, with its braces. For a 405, `method` is one that the path allows. */
  async function faultsOf(method: string, path: string, response: Response): Promise<string[]> {
    const described = all.find((each) => each.path === path && each.method === method)?.described
    if (!described) return [`${method} ${path} is not in the contract`]
    const answer = described.responses[response.status]
    const named = `${method} ${path} ${response.status}`
    if (!answer) return [`${named} is not in the contract`]
    seen.add(named)
    const type = response.headers.get('content-type')?.split(';')[0]
    // the answer to a CloudEvent
    if (type === undefined && response.headers.has('activity-id')) return []
    if (!answer.content) return type === undefined ? [] : [`${named} has a body of ${type}`]
    const content = answer.content[type ?? '']
    if (!content) return [`${named} has the undescribed content type ${type}`]
    const body = type?.endsWith('json') && !type.endsWith('ndjson') ? await response.json() : await textOf(response)
    const validate = validators.get(content) ?? ajv.compile(inContract(content.schema))
    validators.set(content, validate)
    return validate(body) ? [] : [`${named}: ${ajv.errorsText(validate.errors)}`]
  }

  const unseen = () =>
    all.flatMap(({ method, path, described }) =>
      Object.keys(described.responses)
        .map((status) => `${method} ${path} ${status}`)
        .filter((named) => !seen.has(named)),
    )

  return { faultsOf, unseen }
}

/** Reads only the first part, since a stream may not end. */
async function textOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const part = await reader?.read()
  await reader?.cancel()
  return new TextDecoder().decode(part?.value)
}

const inContract = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"contract#/components/'))
