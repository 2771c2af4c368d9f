import { ConfigError, type ConfigRule, type Environment, readConfig } from '@activity-log/shared/config.ts'
import * as v from 'valibot'
import type { Command } from './command.ts'
import { helpWords, programName } from './help.ts'

export type OptionTexts = Readonly<Record<string, string | true | undefined>>

type Given = Parameters<Command['run']>[0]
type Texts = { words: readonly string[]; options: OptionTexts; environment: Environment }

/**
 * Reads everything that a command is given, by name. An option overrides its variable. Words and options were checked
 * before; throws a ConfigError that lists every mistake in the environment.
 */
export async function readGiven(command: Command, { words, options, environment }: Texts): Promise<Given> {
  const given: Record<string, unknown> = {}
  for (const [at, [name, { schema }]] of Object.entries(command.arguments).entries()) {
    given[name] = v.parse(schema, words[at])
  }
  const set: Record<string, string | undefined> = { ...environment }
  const schemas: v.ObjectEntries = {}
  for (const [name, { schema }] of Object.entries(command.environment)) schemas[name] = schema
  const optionOf = new Map<string, string>()
  for (const [name, { schema, variable }] of Object.entries(command.options)) {
    const text = options[name]
    if (!schema) given[name] = text === true
    else if (variable === undefined) given[name] = v.parse(schema, text)
    else {
      schemas[variable] = schema
      optionOf.set(variable, name)
      if (typeof text === 'string') set[variable] = text
    }
  }
  const rules = (await command.rules?.(given)) ?? []
  const config = readEnvironment(command.name, rules, v.object(schemas), set)
  for (const [variable, value] of Object.entries(config)) given[optionOf.get(variable) ?? variable] = value
  // each value comes from its schema, whose type defineCommand gave to run
  return given as Given
}

function readEnvironment(
  name: string,
  rules: readonly ConfigRule[],
  schema: v.ObjectSchema<v.ObjectEntries, undefined>,
  set: Environment,
): object {
  try {
    return readConfig(schema, set, ...rules)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`${error.message}\nRun "${programName} ${helpWords(name)}" to see what each variable means.`)
  }
}
