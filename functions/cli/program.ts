import { ConfigError, type Environment, StartError } from '@activity-log/shared/config.ts'
import { Argument, CommanderError, InvalidArgumentError, Option, Command as Parser } from 'commander'
import * as v from 'valibot'
import type { Command } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { environmentText, flags, optionText, paragraphs, programName, programText } from './help.ts'
import { type OptionTexts, readGiven } from './read-given.ts'
import { ServiceUnavailable } from './service-unavailable.ts'

/** Runs the command that the words name, and resolves with the exit code. What goes wrong is said on stderr. */
export async function runProgram(
  commands: readonly Command[],
  words: readonly string[],
  environment: Environment,
): Promise<number> {
  let code: number = exitCodes.done
  const program = new Parser(programName)
    .description('Commands for an activity log: filling it, checking it, looking after it.')
    .usage('COMMAND [options]')
    .helpCommand('help [COMMAND]', 'say what a command does and takes')
    .helpOption('-h, --help', 'say this')
    .addHelpText('after', programText)
    .showHelpAfterError(`"${programName} --help" lists the commands.`)
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
  const parser = program
    .command(command.name)
    .summary(command.summary)
    .description(paragraphs(command.details))
    .helpOption('-h, --help', 'say this')
    .addHelpText('after', environmentText(command))
    .showHelpAfterError(`"${programName} help ${command.name}" says what it takes.`)
  for (const [name, { summary, schema }] of Object.entries(command.arguments)) {
    parser.addArgument(new Argument(`<${name.toUpperCase()}>`, summary).argParser(checked(schema)))
  }
  for (const [name, option] of Object.entries(command.options)) {
    const added = new Option(flags(name, option), optionText(option))
    parser.addOption(option.schema ? added.argParser(checked(option.schema)) : added)
  }
  parser.action(() => action(parser.args, parser.opts<OptionTexts>()))
}

/** The text as it is, once it is known to be right. */
const checked = (schema: v.GenericSchema<string | undefined, unknown>) => (text: string) => {
  const { issues } = v.safeParse(schema, text)
  if (issues) throw new InvalidArgumentError(`It ${issues[0].message}.`)
  return text
}

function explain(error: unknown, [first, second]: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done
    // it has said why, but for the help that stands in for a command
    if (error.code === 'commander.help') {
      console.error(`\n${first === 'help' ? `There is no command ${second}.` : 'A command is missing.'}`)
    }
    return exitCodes.usage
  }
  const isExpected = error instanceof ConfigError || error instanceof StartError
  console.error(isExpected ? error.message : error)
  if (error instanceof ConfigError) return exitCodes.config
  if (error instanceof ServiceUnavailable) return exitCodes.unavailable
  return isExpected ? exitCodes.negative : exitCodes.fault
}
