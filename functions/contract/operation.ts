import * as v from 'valibot'
import { inlineSchema, type JsonSchema, type SchemaName, schemaRef } from './json-schemas.ts'

export type Content = { readonly [mediaType: string]: { schema: JsonSchema; examples?: { [name: string]: unknown } } }
export type Answer = { description: string; headers?: readonly HeaderName[]; content?: Content }

/** One method of one path, with the schemas that its handler has for parameters. */
export type Operation = {
  id: string
  method: 'get' | 'post' | 'delete'
  path: string
  tag: string
  summary: string
  description?: string
  inPath?: v.ObjectEntries
  query?: v.ObjectEntries
  /** Whether it also takes metadata.a.b=value. */
  takesMetadata?: true
  headers?: v.ObjectEntries
  body?: { required: boolean; content: Content }
  answers: { readonly [status: number]: Answer }
}

export const answerHeaders = {
  Allow: 'The methods that the path allows',
  Accept: 'The content types that are supported',
  'Accept-Encoding': 'The encodings of a body that are supported',
  'Activity-Id': 'The id of the activity that a CloudEvent became',
  'Activity-Receipt': 'The receipt of the activity that a CloudEvent became',
  'Content-Disposition': 'The name of the file',
  ETag: 'Identifies this version; send it back in If-None-Match',
  Link: 'first, next and prev (RFC 8288)',
  Location: 'The path of the activity, once it is stored: /logs/{id}',
  'Set-Cookie': 'The session, or its end',
  'WWW-Authenticate': 'Bearer (RFC 6750)',
  RateLimit: 'What is left of each limit, and when there will be more',
  'RateLimit-Policy': 'The limits of the caller: units and seconds',
  'Retry-After': 'How many seconds to wait before trying again',
} as const
export type HeaderName = keyof typeof answerHeaders

/** A JSON body, by the name of its schema, by the schema of a handler, or as JSON Schema. */
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

export const badRequest = problem('The request is not valid; errors lists every error with its place')
export const tooBroad = problem('The request is not valid, or the query is too broad (too-broad)')
export const notFound = problem('Nothing exists under this name')
export const wrongMethod = problem('The path does not allow this method', 'Allow')
export const unavailable = problem('The service is temporarily unavailable; send the same request again', 'Retry-After')

/** The form of a download: with it, generators make clients that take any content type, and need not read it as text. */
export const file = (mediaType: string, description: string): Content => ({
  [mediaType]: { schema: { type: 'string', format: 'binary', description } },
})

export const textual = (mediaType: string, description: string): Content => ({
  [mediaType]: { schema: { type: 'string', description } },
})

export const EntityTags = v.pipe(v.string(), v.description('Entity tags that the client already has (RFC 9110)'))
