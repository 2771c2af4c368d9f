import { StartError } from '@activity-log/shared/config.ts'

/** A service that the command needs does not answer. The message says which, and what to do about it. */
export class ServiceUnavailable extends StartError {
  override name = 'ServiceUnavailable'
}
