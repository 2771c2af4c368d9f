import { exitConfig } from '@activity-log/shared/config.ts'

/** Scripts tell by these what happened; those from 64 on are of sysexits.h. */
export const exitCodes = {
  done: 0,
  /** The command did its work and its answer is no, such as a ledger that is not complete. */
  negative: 1,
  /** EX_USAGE: no such command or option, a wrong value, an argument too few or too many. */
  usage: 64,
  /** EX_UNAVAILABLE: the log, Kafka or MongoDB does not answer. */
  unavailable: 69,
  /** EX_SOFTWARE: a fault in this program, which must not be taken for an answer. */
  fault: 70,
  /** EX_CONFIG: a wrong environment. */
  config: exitConfig,
} as const
