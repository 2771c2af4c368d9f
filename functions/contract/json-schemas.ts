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
  ReceiptsAnswer,
  StatsAnswer,
  TenantsAnswer,
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
  ReceiptsAnswer,
  LedgerAnswer,
  TenantsAnswer,
  DeadLetterSummary,
  DeadLettersAnswer,
  DeadLetterAnswer,
  Replayed,
  Discard,
}
export type SchemaName = keyof typeof named | 'CloudEvent'

/** Actions that exist only in code; the v.metadata beside them describes them in JSON Schema. */
const inCode = ['check', 'raw_check', 'readonly', 'raw_transform', 'transform', 'trim']

const config: ConversionConfig = {
  target: 'draft-2020-12',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? {} : undefined),
  ignoreActions: inCode,
}

/** The schemas that have a name, converted from those that the handlers use. */
export function namedSchemas(): { [name in SchemaName]: JsonSchema } {
  const schemas = toJsonSchemaDefs(named, config) as { [name in keyof typeof named]: JsonSchema }
  return {
    ...schemas,
    // checkActivity rejects unknown members itself, with a hint
    SentActivity: { ...schemas.SentActivity, additionalProperties: false },
    CloudEvent: cloudEvent,
  }
}

export const schemaRef = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` })

/** Converts a schema that has no name. */
export function inlineSchema(schema: v.GenericSchema): JsonSchema {
  const { $schema: _draft, ...converted }: JsonSchema = { ...toJsonSchema(schema, config) }
  return converted
}

/** Converts the schema of a parameter. Its default is text, as in a URL, and becomes a number for an integer. */
export function parameterSchema(schema: v.GenericSchema): JsonSchema {
  const converted = inlineSchema(schema)
  if (converted['type'] !== 'integer' || converted['default'] === undefined) return converted
  return { ...converted, default: Number(converted['default']) }
}
