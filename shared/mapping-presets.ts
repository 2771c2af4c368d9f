import type { TimeFormat } from './time-format.ts'

/**
 * The mapping of a published format. Each source lists its alternatives: the first path that leads to a value counts.
 * Paths in brackets are joined with a dash.
 */
export type Preset = {
  user: readonly string[]
  action: readonly string[]
  time: readonly string[]
  id: readonly (string | readonly string[])[]
  timeFormat: TimeFormat
  zone?: string
  /** Where a file that is one object has its items. */
  items?: string
}

export const presets = {
  cloudtrail: {
    user: ['userIdentity.arn', 'userIdentity.userName', 'userIdentity.principalId', 'userIdentity.invokedBy'],
    action: ['eventName'],
    time: ['eventTime'],
    id: ['eventID'],
    timeFormat: 'rfc3339',
    items: 'Records',
  },
  github: {
    user: ['actor', 'user', 'org'],
    action: ['action'],
    time: ['@timestamp', 'created_at'],
    id: ['_document_id'],
    timeFormat: 'epoch-ms',
  },
  okta: {
    user: ['actor.alternateId', 'actor.id'],
    action: ['eventType'],
    time: ['published'],
    id: ['uuid'],
    timeFormat: 'rfc3339',
  },
  /** CreationTime is in UTC and has no offset. */
  microsoft365: {
    user: ['UserId', 'UserKey'],
    action: ['Operation'],
    time: ['CreationTime'],
    id: ['Id'],
    timeFormat: 'loose',
    zone: 'UTC',
  },
  /** A request has one auditID, and an event for each of its stages. */
  'kubernetes-audit': {
    user: ['user.username'],
    action: ['verb'],
    time: ['stageTimestamp', 'requestReceivedTimestamp'],
    id: [['auditID', 'stage']],
    timeFormat: 'rfc3339',
    items: 'items',
  },
} as const satisfies { readonly [name: string]: Preset }

export type PresetName = keyof typeof presets
export const isPreset = (name: string): name is PresetName => Object.hasOwn(presets, name)
