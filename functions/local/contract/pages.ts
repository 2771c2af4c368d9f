import * as v from 'valibot'
import { badRequest, EntityTags, json, notFound, type Operation, textual } from './operation.ts'

const tag = 'The service'

export const pages: readonly Operation[] = [
  {
    id: 'getHealth',
    method: 'get',
    path: '/healthz',
    tag,
    summary: 'Ask whether the process serves',
    answers: {
      200: {
        description: 'It does; neither queue nor store is asked',
        content: json({ type: 'object', required: ['status'], properties: { status: { const: 'ok' } } }),
      },
    },
  },
  {
    id: 'getContract',
    method: 'get',
    path: '/openapi.json',
    tag,
    summary: 'Get this contract',
    headers: { 'If-None-Match': v.optional(EntityTags) },
    answers: {
      200: { description: 'OpenAPI 3.1', headers: ['ETag'], content: json({ type: 'object' }) },
      304: { description: 'The client has it already', headers: ['ETag'] },
      400: badRequest,
    },
  },
  {
    id: 'getReference',
    method: 'get',
    path: '/docs',
    tag,
    summary: 'Read this contract',
    answers: { 200: { description: 'A page for people', content: textual('text/html', 'HTML') }, 400: badRequest },
  },
  {
    id: 'getReferenceStyle',
    method: 'get',
    path: '/docs/{file}',
    tag,
    summary: 'Get the style of that page',
    inPath: { file: v.pipe(v.string(), v.description('Its name, which the page says'), v.examples(['style.css'])) },
    answers: {
      200: { description: 'It never changes under this name', content: textual('text/css', 'A style sheet') },
      404: notFound,
    },
  },
]
