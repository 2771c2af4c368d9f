import { Accepted, PostProblem, PostResults } from '@activity-log/ingest/answers.ts'
import { Replayed } from '@activity-log/persist/answers.ts'
import { Discard } from '@activity-log/persist/operate.ts'
import {
  ContextAnswer,
  DeadLetterAnswer,
  DeadLetterSummary,
  DeadLettersAnswer,
  LedgerAnswer,
  ListAnswer,
  ReceiptAnswer,
  StatsAnswer,
} from '@activity-log/query/answers.ts'
import { SentActivity } from '@activity-log/shared/activity.ts'
import { FoundActivity, InputError, Position, Problem } from '@activity-log/shared/answers.ts'
import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import { cloudEvent } from './cloud-event-schema.ts'

export type JsonSchema = { [keyword: string]: unknown }

const named = {
  SentActivity,
  FoundActivity,
  Position,
  InputError,
  Problem,
  PostProblem,
  Accepted,
  PostResults,
  ListAnswer,
  ContextAnswer,
  StatsAnswer,
  ReceiptAnswer,
  LedgerAnswer,
  DeadLetterSummary,
  DeadLettersAnswer,
  DeadLetterAnswer,
  Replayed,
  Discard,
}
export type SchemaName = keyof typeof named | 'CloudEvent'

/** What is done in code; v.metadata beside it says it in JSON Schema. */
const inCode = ['check', 'raw_check', 'readonly', 'raw_transform', 'transform', 'trim']

const config: ConversionConfig = {
  target: 'draft-2020-12',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? {} : undefined),
  ignoreActions: inCode,
}

/** The schemas that have a name, as the handlers have them. */
export function namedSchemas(): { [name in SchemaName]: JsonSchema } {
  const schemas = toJsonSchemaDefs(named, config) as { [name in keyof typeof named]: JsonSchema }
  return {
    ...schemas,
    // checkActivity refuses what it does not know with a hint of its own
    SentActivity: { ...schemas.SentActivity, additionalProperties: false },
    CloudEvent: cloudEvent,
  }
}

export const schemaRef = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` })

/** A schema that has no name of its own. */
export function inlineSchema(schema: v.GenericSchema): JsonSchema {
  const { $schema: _draft, ...converted }: JsonSchema = { ...toJsonSchema(schema, config) }
  return converted
}

/** The schema of a parameter, which is text in a URL; its default is what that text says. */
export function parameterSchema(schema: v.GenericSchema): JsonSchema {
  const converted = inlineSchema(schema)
  if (converted['type'] !== 'integer' || converted['default'] === undefined) return converted
  return { ...converted, default: Number(converted['default']) }
}
