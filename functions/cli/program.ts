import { inspect } from 'node:util'
import { ConfigError, type Environment, StartError } from '@activity-log/shared/config.ts'
import { withoutSecrets } from '@activity-log/shared/without-secrets.ts'
import { Argument, CommanderError, InvalidArgumentError, Option, Command as Parser } from 'commander'
import * as v from 'valibot'
import type { Command } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { environmentText, flags, helpWords, optionText, paragraphs, programName, programText } from './help.ts'
import { type OptionTexts, readGiven } from './read-given.ts'
import { ServiceUnavailable } from './service-unavailable.ts'
import { visibleLines } from './visible.ts'

/** Runs the command that the words name, and resolves with its exit code. Errors go to stderr. */
export async function runProgram(
  commands: readonly Command[],
  words: readonly string[],
  environment: Environment,
): Promise<number> {
  let code: number = exitCodes.done
  const program = new Parser(programName)
    .description('Commands to fill, check and maintain an activity log.')
    .usage('COMMAND [options]')
    // an option belongs to the command in front of it, although another one may have the same
    .enablePositionalOptions()
    .helpCommand('help [COMMAND]', 'show what a command does and takes')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', programText)
    .showHelpAfterError(`Run "${programName} --help" for a list of the commands.`)
    // a key that was given in the wrong place must not end up in the log of whoever runs this
    .configureOutput({ outputError: (text, write) => write(withoutSecrets(text)) })
    .exitOverride()
  for (const command of commands) {
    addTo(program, command, async (given, options) => {
      code = await command.run(await readGiven(command, { words: given, options, environment }))
    })
  }
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    return explain(error, words)
  }
}

type Action = (words: readonly string[], options: OptionTexts) => Promise<void>

function addTo(program: Parser, command: Command, action: Action): void {
  const { parent, word } = placeIn(program, command.name)
  const parser = parent
    .command(word)
    .summary(command.summary)
    .description(paragraphs(command.details))
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', environmentText(command))
    .showHelpAfterError(`Run "${programName} ${helpWords(command.name)}" to see what it takes.`)
  for (const [name, { summary, schema }] of Object.entries(command.arguments)) {
    parser.addArgument(new Argument(`<${name.toUpperCase()}>`, summary).argParser(checked(schema)))
  }
  for (const [name, option] of Object.entries(command.options)) {
    const added = new Option(flags(name, option), optionText(option))
    if (isRequired(option)) added.makeOptionMandatory()
    parser.addOption(option.schema ? added.argParser(checked(option.schema)) : added)
  }
  parser.action(() => action(parser.args, parser.opts<OptionTexts>()))
}

/** A name of two words is a command of another one, which stands before it in the list. */
function placeIn(program: Parser, name: string): { parent: Parser; word: string } {
  const [first = '', second] = name.split(' ')
  const parent = program.commands.find((command) => command.name() === first)
  if (second === undefined || !parent) return { parent: program, word: first }
  return { parent: parent.enablePositionalOptions().helpCommand(false), word: second }
}

/** A variable may have the value as well, and whether one is set is seen later. */
const isRequired = ({ schema, variable }: Command['options'][string]): boolean =>
  schema !== undefined && variable === undefined && !v.is(schema, undefined)

/** Makes a parser that returns the text unchanged if the schema accepts it. */
const checked = (schema: v.GenericSchema<string | undefined, unknown>) => (text: string) => {
  const { issues } = v.safeParse(schema, text)
  if (issues) throw new InvalidArgumentError(`It ${issues[0].message}.`)
  return text
}

function explain(error: unknown, [first, second]: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done
    // commander has printed the reason, unless it printed help because no command was found
    if (error.code === 'commander.help') {
      console.error(
        withoutSecrets(`\n${first === 'help' ? `There is no command ${second}.` : 'A command is missing.'}`),
      )
    }
    if (error.code === 'commander.excessArguments') {
      console.error('If you wrote a *, put it in quotes: the shell puts the names of files in its place.')
    }
    return exitCodes.usage
  }
  const isExpected = error instanceof ConfigError || error instanceof StartError
  // a message may repeat what a log answered
  console.error(visibleLines(withoutSecrets(isExpected ? error.message : inspect(error))))
  if (error instanceof ConfigError) return exitCodes.config
  if (error instanceof ServiceUnavailable) return exitCodes.unavailable
  return isExpected ? exitCodes.negative : exitCodes.fault
}
