import * as v from 'valibot'
import { badRequest, EntityTags, json, notFound, type Operation, textual, unavailable } from './operation.ts'

const tag = 'The service'
export const forPeople = 'For people'

const webPage = textual('text/html', 'A page that says so')

/** Pages say in their own way what is wrong. */
function page(path: string, id: string, summary: string): Operation {
  const inPath = path.includes('{id}') && { inPath: { id: v.pipe(v.string(), v.examples(['order-981-paid'])) } }
  return {
    id,
    method: 'get',
    path,
    tag: forPeople,
    summary,
    ...inPath,
    answers: {
      200: { description: 'The page', content: textual('text/html', 'A page') },
      ...(path === '/' && { 400: { description: 'What is asked for is not valid', content: webPage } }),
      ...(inPath && { 404: { description: 'There is nothing of this name', content: webPage } }),
      503: {
        description: unavailable.description,
        content: { ...webPage, ...unavailable.content },
      },
    },
  }
}

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
    tag: forPeople,
    summary: 'Read this contract',
    answers: { 200: { description: 'A page for people', content: textual('text/html', 'HTML') }, 400: badRequest },
  },
  ...[
    page('/', 'showActivities', 'See the log; takes what GET /logs takes, as forms send it'),
    page('/viewer/logs/{id}', 'showActivity', 'See one activity, and what its user did around it'),
    page('/viewer/dead-letters', 'showDeadLetters', 'See the dead letters'),
    page('/viewer/dead-letters/{id}', 'showDeadLetter', 'See one dead letter'),
    page('/viewer/ledger', 'showLedger', 'See the ledger'),
  ],
  {
    id: 'getAsset',
    method: 'get',
    path: '/assets/{file}',
    tag: forPeople,
    summary: 'Get what a page is made of',
    inPath: { file: v.pipe(v.string(), v.description('Its name, which the page says')) },
    answers: {
      200: {
        description: 'It never changes under this name',
        content: {
          ...textual('text/css', 'A style sheet'),
          ...textual('text/javascript', 'A script'),
          ...textual('image/svg+xml', 'An image'),
        },
      },
      404: notFound,
    },
  },
]
