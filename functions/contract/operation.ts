import * as v from 'valibot'
import { inlineSchema, type JsonSchema, type SchemaName, schemaRef } from './json-schemas.ts'

export type Content = { readonly [mediaType: string]: { schema: JsonSchema; examples?: { [name: string]: unknown } } }
export type Answer = { description: string; headers?: readonly HeaderName[]; content?: Content }

/** One method of one path, with what its handler knows about parameters. */
export type Operation = {
  id: string
  method: 'get' | 'post' | 'delete'
  path: string
  tag: string
  summary: string
  description?: string
  inPath?: v.ObjectEntries
  query?: v.ObjectEntries
  /** Takes metadata.a.b=value, too. */
  takesMetadata?: true
  headers?: v.ObjectEntries
  body?: { required: boolean; content: Content }
  answers: { readonly [status: number]: Answer }
}

export const answerHeaders = {
  Allow: 'The methods that there are',
  Accept: 'The content types that are taken',
  'Content-Disposition': 'The name of the file',
  ETag: 'Names this version of it; If-None-Match gives it back',
  Link: 'first, next and prev (RFC 8288)',
  Location: 'Where the activity will be: /logs/{id}',
  'Retry-After': 'After how many seconds to try again',
} as const
export type HeaderName = keyof typeof answerHeaders

/** The body is of a schema that has a name, of one that a handler has beside it, or as JSON Schema says. */
export const json = (
  schema: SchemaName | v.GenericSchema | JsonSchema,
  examples?: { [name: string]: unknown },
): Content => ({
  'application/json': { schema: schemaOf(schema), ...(examples && { examples }) },
})

function schemaOf(schema: SchemaName | v.GenericSchema | JsonSchema): JsonSchema {
  if (typeof schema === 'string') return schemaRef(schema)
  return '~standard' in schema ? inlineSchema(schema as v.GenericSchema) : schema
}

export const problem = (description: string, ...headers: HeaderName[]): Answer => ({
  description,
  ...(headers.length > 0 && { headers }),
  content: { 'application/problem+json': { schema: schemaRef('Problem') } },
})

export const badRequest = problem('The request is not valid; errors name each place')
export const tooBroad = problem('The request is not valid, or too much would have to be read for it (too-broad)')
export const notFound = problem('There is nothing of this name')
export const wrongMethod = problem('Another method than those of this path', 'Allow')
export const unavailable = problem('The log cannot be reached just now; the same may be sent again', 'Retry-After')

export const textual = (mediaType: string, description: string): Content => ({
  [mediaType]: { schema: { type: 'string', description } },
})

export const EntityTags = v.pipe(v.string(), v.description('Entity tags that the client has (RFC 9110)'))
