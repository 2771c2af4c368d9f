import type { ConfigRule } from '@activity-log/shared/config.ts'
import type * as v from 'valibot'

type FromText = v.GenericSchema<string | undefined, unknown>

/** A positional argument. All are required, in the order in which they are declared. */
export type Argument = { summary: string; schema: FromText }

/** `--name`, which is true if it is given. */
type Switch = { summary: string; value?: never; schema?: never; variable?: never }

/** `--name VALUE`. If it is not given, the variable counts, and without that the default of the schema. */
type Setting = { summary: string; value: string; schema: FromText; variable?: string }

export type Option = Switch | Setting

/** Read only from the environment: a secret, or a value that seldom changes. */
export type Variable = { summary: string; schema: FromText }

type Arguments = Readonly<Record<string, Argument>>
type Options = Readonly<Record<string, Option>>
type Variables = Readonly<Record<string, Variable>>

type Given<Named extends Readonly<Record<string, Option | Argument | Variable>>> = {
  [Name in keyof Named]: Named[Name] extends { schema: infer Schema extends FromText } ? v.InferOutput<Schema> : boolean
}

export type Definition<Words extends Arguments, Named extends Options, Set extends Variables> = {
  name: string
  /** The line in the list of commands. */
  summary: string
  /** The paragraphs of the command's own help. */
  details: string
  arguments: Words
  /** The names are in camel case: `queryUrl` is --query-url. */
  options: Named
  environment: Set
  /**
   * Rules about several variables, which may depend on the options that are given without a variable. They need drivers,
   * so they are loaded only when the command runs.
   */
  rules?: (given: { readonly [name: string]: unknown }) => Promise<readonly ConfigRule[]>
  /** Resolves with one of exitCodes. */
  run(given: Given<Words> & Given<Named> & Given<Set>): Promise<number>
}

export type Command = Definition<Arguments, Options, Variables>

/** Gives `run` the types that the schemas declare. */
export const defineCommand = <const Words extends Arguments, const Named extends Options, const Set extends Variables>(
  command: Definition<Words, Named, Set>,
): Command => command
