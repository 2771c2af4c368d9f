import { exitConfig } from '@activity-log/shared/config.ts'

/** Exit codes tell scripts what happened. The codes from 64 on come from sysexits.h. */
export const exitCodes = {
  done: 0,
  /** The command did its work and the answer is no: for example, the ledger is not complete. */
  negative: 1,
  /** EX_USAGE: an unknown command or option, an invalid value, a missing or an extra argument. */
  usage: 64,
  /** EX_UNAVAILABLE: the log, Kafka or MongoDB does not answer. */
  unavailable: 69,
  /** EX_SOFTWARE: a fault in this program, which must not be taken for an answer. */
  fault: 70,
  /** EX_IOERR: the answer of the command could not be written to stdout. */
  output: 74,
  /** EX_CONFIG: the environment is invalid. */
  config: exitConfig,
} as const
