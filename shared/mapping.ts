import { type Checked, type InputError, invalid, valid } from './checked.ts'
import { isPreset, type Preset, type PresetName, presets } from './mapping-presets.ts'
import { parseMetadataPath } from './metadata-match.ts'
import { isZone } from './sent-time.ts'
import { type TimeFormat, timeFormats } from './time-format.ts'

/** The names of a member and of those around it, outermost first. */
export type Path = { text: string; names: readonly string[] }
/** Alternatives: the first one whose paths all lead to a value counts; its values are joined with a dash. */
export type Source = readonly (readonly Path[])[]
export type MappedMember = 'userId' | 'action' | 'timestamp' | 'id'

/** Where the members of an activity are in an item of another form. */
export type Mapping = {
  sources: { readonly [member in MappedMember]?: Source }
  timeFormat: TimeFormat
  zone: string | undefined
  /** Whether members that an activity does not have become metadata. */
  keepsRest: boolean
  preset: PresetName | undefined
}

export const mappingParameters = ['user', 'action', 'time', 'id', 'time-format', 'zone', 'members', 'format'] as const
export type MappingParameter = (typeof mappingParameters)[number]

const members = { user: 'userId', action: 'action', time: 'timestamp', id: 'id' } as const
const maxAlternatives = 10

/** Reads the parameters of a mapping, which may be the options of a command as well. */
export function readMapping(given: { readonly [name in MappingParameter]?: string | undefined }): Checked<Mapping> {
  const errors: InputError[] = []
  const note = (pointer: MappingParameter, detail: string) => void errors.push({ pointer, detail })
  const { format, 'time-format': timeFormat, zone, members: rest } = given
  const name = format !== undefined && isPreset(format) ? format : undefined
  if (format !== undefined && name === undefined) note('format', `must be ${oneOf(Object.keys(presets))}`)
  const preset: Preset | undefined = name && presets[name]
  const sources: { [member in MappedMember]?: Source } = {}
  for (const parameter of ['user', 'action', 'time', 'id'] as const) {
    const text = given[parameter]
    const source = text === undefined ? preset?.[parameter].map(pathsOf) : readSource(text)
    if (typeof source === 'string') note(parameter, source)
    else if (source) sources[members[parameter]] = source
  }
  const isFormat = timeFormat === undefined || isTimeFormat(timeFormat)
  if (!isFormat) note('time-format', `must be ${oneOf(timeFormats)}`)
  const known = isFormat ? (timeFormat ?? preset?.timeFormat ?? 'rfc3339') : 'loose'
  if (zone !== undefined && !isZone(zone)) note('zone', 'must be a time zone, such as Europe/Berlin or +01:00')
  else if (zone !== undefined && known !== 'loose') note('zone', 'applies only with time-format=loose')
  if (rest !== undefined && rest !== 'metadata') note('members', 'must be metadata')
  if (errors.length > 0) return invalid(...errors)
  return valid({
    sources,
    timeFormat: known,
    zone: zone ?? preset?.zone,
    keepsRest: rest !== undefined || preset !== undefined,
    preset: name,
  })
}

const isTimeFormat = (text: string): text is TimeFormat => (timeFormats as readonly string[]).includes(text)
const oneOf = (names: readonly string[]) => `one of ${names.join(', ')}`

function pathsOf(alternative: string | readonly string[]): readonly Path[] {
  const texts = typeof alternative === 'string' ? [alternative] : alternative
  return texts.map((text) => ({ text, names: text.split('.') }))
}

/** Reads paths that are separated by commas. A backslash makes a comma or a dot an ordinary character. */
function readSource(text: string): Source | string {
  const source: Path[][] = []
  for (const part of text.match(/(?:\\.|[^,\\]|\\$)*(?:,|$)/gs)?.slice(0, -1) ?? []) {
    const path = part.replace(/,$/, '')
    const names = parseMetadataPath(path)
    if (typeof names === 'string') return names
    source.push([{ text: path, names }])
  }
  if (/(?<!\\),$/.test(text) || source.length === 0) return 'must be a path into the item, such as user.name'
  return source.length > maxAlternatives ? `has more than ${maxAlternatives} paths` : source
}
