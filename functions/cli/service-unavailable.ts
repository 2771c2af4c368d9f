import { StartError } from '@activity-log/shared/config.ts'

/** Thrown if a service that a command needs does not answer. The message says which one, and what to do. */
export class ServiceUnavailable extends StartError {
  override name = 'ServiceUnavailable'
}
