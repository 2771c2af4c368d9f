import { inspect } from 'node:util'
import { ConfigError, exitConfig, StartError } from '../config.ts'
import { withoutSecrets } from '../without-secrets.ts'

/** Runs a process's main. An error that its user can fix is printed in plain words, any other with its stack. */
export function run(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    const isExpected = error instanceof ConfigError || error instanceof StartError
    // somebody may have set another variable to a key
    console.error(withoutSecrets(isExpected ? error.message : inspect(error)))
    if (error instanceof ConfigError) process.exit(exitConfig)
    process.exit(error instanceof StartError ? error.exitCode : 1)
  })
}
