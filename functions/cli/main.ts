import { checkCommand } from './check.ts'
import { demoCommand } from './demo.ts'
import { exitCodes } from './exit-codes.ts'
import { importCommand } from './import.ts'
import { keysCommand, keysCreateCommand, keysListCommand, keysRevokeCommand, keysRotateCommand } from './keys.ts'
import { ledgerCommand } from './ledger-audit.ts'
import { ledgerWriteOffCommand } from './ledger-write-off.ts'
import { migrateCommand } from './migrate.ts'
import { runProgram } from './program.ts'
import { watchOutput } from './watch-output.ts'

const commands = [
  importCommand,
  demoCommand,
  keysCommand,
  keysListCommand,
  keysCreateCommand,
  keysRotateCommand,
  keysRevokeCommand,
  ledgerCommand,
  ledgerWriteOffCommand,
  migrateCommand,
  checkCommand,
]

async function main() {
  const outputFault = watchOutput()
  const code = await runProgram(commands, process.argv.slice(2), process.env)
  const fault = await outputFault()
  if (fault !== undefined) console.error(`The output could not be written: ${fault}`)
  // kafkajs may continue with attempts whose result no longer matters
  process.exit(fault !== undefined && code === exitCodes.done ? exitCodes.output : code)
}

void main()
