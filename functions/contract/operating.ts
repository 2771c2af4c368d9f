import { DeadLettersParameters } from '@activity-log/query/list-dead-letters.ts'
import * as v from 'valibot'
import { badRequest, json, notFound, type Operation, problem } from './operation.ts'

const inPath = {
  id: v.pipe(v.string(), v.description('The id of a dead letter'), v.examples(['387d064f5d06b72b39362285046a75ba'])),
}
const ofTheBody = {
  413: problem('The body is larger than 256 KiB'),
  415: problem('The body is not application/json', 'Accept'),
}

export const operating: readonly Operation[] = [
  {
    id: 'listDeadLetters',
    method: 'get',
    path: '/dead-letters',
    tag: 'Dead letters',
    summary: 'List records that could not be saved, newest first',
    query: DeadLettersParameters.entries,
    answers: {
      200: { description: 'A page', headers: ['Link'], content: json('DeadLettersAnswer') },
      400: badRequest,
    },
  },
  {
    id: 'getDeadLetter',
    method: 'get',
    path: '/dead-letters/{id}',
    tag: 'Dead letters',
    summary: 'Get one dead letter with its original record',
    inPath,
    answers: {
      200: { description: 'The dead letter', content: json('DeadLetterAnswer') },
      400: badRequest,
      404: notFound,
    },
  },
  {
    id: 'discardDeadLetter',
    method: 'delete',
    path: '/dead-letters/{id}',
    tag: 'Dead letters',
    summary: 'Discard a dead letter',
    description: 'Keeps the dead letter with the note, and closes it. Repeating the request is safe.',
    inPath,
    body: { required: true, content: json('Discard', { note: { value: { note: 'a test' } } }) },
    answers: {
      204: { description: 'The dead letter is discarded' },
      400: badRequest,
      404: notFound,
      409: problem('The dead letter was already replayed'),
      ...ofTheBody,
    },
  },
  {
    id: 'replayDeadLetter',
    method: 'post',
    path: '/dead-letters/{id}/replay',
    tag: 'Dead letters',
    summary: 'Replay a dead letter',
    description:
      'Saves the original record, or the activity in the body, under the same id. Repeating the request is safe.',
    inPath,
    body: {
      required: false,
      content: json('SentActivity', { corrected: { value: { userId: 'user_123', action: 'pay' } } }),
    },
    answers: {
      200: { description: 'The outcome', content: json('Replayed') },
      400: badRequest,
      404: notFound,
      409: problem('The dead letter was already discarded'),
      ...ofTheBody,
    },
  },
]
