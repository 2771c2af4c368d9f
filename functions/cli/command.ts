import type { ConfigRule } from '@activity-log/shared/config.ts'
import type * as v from 'valibot'

type FromText = v.GenericSchema<string | undefined, unknown>

/** A word without a name; each is required, and given in this order. */
export type Argument = { summary: string; schema: FromText }

/** `--name`, true where it is given. */
type Switch = { summary: string; value?: never; schema?: never; variable?: never }

/** `--name VALUE`; without it the variable counts, then what the schema takes for nothing. */
type Setting = { summary: string; value: string; schema: FromText; variable?: string }

export type Option = Switch | Setting

/** Read from the environment alone: a secret, or something that is seldom changed. */
export type Variable = { summary: string; schema: FromText }

type Arguments = Readonly<Record<string, Argument>>
type Options = Readonly<Record<string, Option>>
type Variables = Readonly<Record<string, Variable>>

type Given<Named extends Readonly<Record<string, Option | Argument | Variable>>> = {
  [Name in keyof Named]: Named[Name] extends { schema: infer Schema extends FromText } ? v.InferOutput<Schema> : boolean
}

export type Definition<Words extends Arguments, Named extends Options, Set extends Variables> = {
  name: string
  /** A line in the list of commands. */
  summary: string
  /** The paragraphs of its own help. */
  details: string
  arguments: Words
  /** By their names in camel case: `queryUrl` is --query-url. */
  options: Named
  environment: Set
  /** Rules about several variables; loaded when the command runs, because of the drivers. */
  rules?: () => Promise<readonly ConfigRule[]>
  /** Resolves with one of exitCodes. */
  run(given: Given<Words> & Given<Named> & Given<Set>): Promise<number>
}

export type Command = Definition<Arguments, Options, Variables>

/** So that `run` is given what the schemas say. */
export const defineCommand = <const Words extends Arguments, const Named extends Options, const Set extends Variables>(
  command: Definition<Words, Named, Set>,
): Command => command
