import { type Db, type DbOptions, MongoClient, MongoError, MongoServerSelectionError, ReadConcern } from 'mongodb'
import { ConfigError, type ConfigRule } from '../config.ts'
import { reasons } from '../reasons.ts'
import { StoreUnavailable } from './store.ts'

/**
 * By default the driver waits for minutes or forever. With these limits a call fails within about twice the socket
 * timeout, because the driver tries a second time. The server gives up slightly earlier than the client, so that it
 * does not continue work that nobody waits for. The driver's `timeoutMS` has no effect.
 */
const socketTimeoutMs = 4500
export const maxTimeMS = 4000
const wtimeoutMS = 4000

/** Acknowledged writes are in the journals of a majority, and reads return only what a majority has. */
const promised: DbOptions = {
  writeConcern: { w: 'majority', journal: true, wtimeoutMS },
  readConcern: new ReadConcern('majority'),
}

export type MongoClientOptions = {
  uri: string
  /** Disable it for commands that may wait long for one answer, such as building an index. */
  socketTimeout?: boolean
  /** Instances × pool must stay below the limit of the server; group commit needs few connections. */
  maxPoolSize?: number
}

/** A client that connects at its first use. Hosts, credentials and TLS come from the URI. Throws ConfigError. */
export function openMongoClient({ uri, socketTimeout = true, maxPoolSize = 8 }: MongoClientOptions): MongoClient {
  assertKeepsPromise(uri)
  return new MongoClient(uri, {
    appName: 'activity-log',
    serverSelectionTimeoutMS: 3000,
    connectTimeoutMS: 2000,
    socketTimeoutMS: socketTimeout ? socketTimeoutMs : 0,
    waitQueueTimeoutMS: 2000,
    // a server that stops answering is noticed within 3 s, and all that waits for it fails then
    heartbeatFrequencyMS: 1000,
    maxPoolSize,
    minPoolSize: 1,
    retryWrites: true,
    retryReads: true,
    // with true, the driver would drop a filter whose value is undefined, and return every row
    ignoreUndefined: false,
    // the driver looks names up in this option and would find toString and constructor in an object: it would read
    // bytes as arrays
    fieldsAsRaw: Object.create(null),
  })
}

/** The database with the read and write concerns that the promise depends on, regardless of the URI. */
export const openDatabase = (client: MongoClient, name: string): Db => client.db(name, promised)

/** The hosts of MongoDB, without credentials. */
export function hostsOf({ options }: MongoClient): string {
  return options.srvHost ?? options.hosts.map(String).join(',')
}

/**
 * Reports errors in the URI together with other configuration errors. Another rule reports text that is not a URI at
 * all.
 */
export const mongoRule: ConfigRule = ({ MONGODB_URI: uri }) => {
  if (!uri || !/^mongodb/.test(uri)) return []
  try {
    assertKeepsPromise(uri)
    return []
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
  }
}

/** Rejects options that weaken the promise instead of ignoring them. */
function assertKeepsPromise(uri: string) {
  const { writeConcern, readConcern, retryWrites } = parse(uri).options
  const mistakes = [
    writeConcern?.w !== undefined && writeConcern.w !== 'majority' && `w=${writeConcern.w}`,
    writeConcern?.journal === false && 'journal=false',
    readConcern !== undefined && readConcern.level !== 'majority' && `readConcernLevel=${readConcern.level}`,
    !retryWrites && 'retryWrites=false',
  ].filter((mistake) => mistake !== false)
  if (mistakes.length > 0) {
    throw uriError(`asks for ${mistakes.join(' and ')}, which could lose acknowledged activities; remove it`)
  }
}

function parse(uri: string): MongoClient {
  try {
    return new MongoClient(uri)
  } catch (error) {
    const reason = (error as Error).message
    const form = 'mongodb://user:password@host:27017/?option=value, with % escapes in the user and the password'
    throw uriError(`is not a connection string for MongoDB${tellsSecret(uri, reason) ? '' : ` (${reason})`}: ${form}`)
  }
}

/** Whether a text repeats any part of the user and password in a URI. */
function tellsSecret(uri: string, text: string): boolean {
  const [, rest = ''] = uri.split(/:\/\/(.*)/s)
  // a password may contain, by mistake, a character that ends it
  const userInfo = rest.slice(0, Math.max(rest.lastIndexOf('@'), rest.search(/[/?]|$/)))
  return userInfo.split(/[:@/?%,]/).some((piece) => piece !== '' && text.includes(piece))
}

export const uriError = (mistake: string) => new ConfigError(`Invalid configuration:\n  MONGODB_URI ${mistake}`)

const unauthorized = 13
/** AuthenticationFailed, MechanismUnavailable, and the answer of Atlas to wrong credentials. */
const refusals: readonly unknown[] = [18, 334, 8000]

/** The configuration error that only the user can fix, or undefined if waiting may help. */
export function asConfigError(error: unknown, client: MongoClient): ConfigError | undefined {
  const { code, path } = rootOf(error) as { code?: unknown; path?: unknown }
  if (code === unauthorized) return uriError(`names a user without the required privileges at ${hostsOf(client)}`)
  if (refusals.includes(code)) return uriError(`has credentials that MongoDB at ${hostsOf(client)} rejects`)
  if ((code === 'ENOENT' || code === 'EACCES') && typeof path === 'string') {
    return uriError(`names the file ${path}, which cannot be read (${code})`)
  }
  return undefined
}

/**
 * An error in one line. The timeout of a server selection does not name the servers that were seen, so this adds them.
 */
export function whyNot(error: unknown, { options }: MongoClient): string {
  const root = rootOf(error)
  if (!(root instanceof MongoServerSelectionError)) return reasons(error)
  const servers = [...(root.reason?.servers.values() ?? [])]
  const seen = servers.map(({ address, type, error }) => `${address} is ${type}${error ? ` (${error.message})` : ''}`)
  if (seen.length > 0) return `${root.message}: ${seen.join(', ')}`
  return `${root.message}: no server there is a member of the replica set ${options.replicaSet}`
}

const rootOf = (error: unknown) => (error instanceof StoreUnavailable ? (error.cause ?? error) : error)

/**
 * Turns errors of the driver or the network into StoreUnavailable, because the result of a write is then unknown.
 * Errors that we throw ourselves stay as they are.
 */
export async function asking<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MongoError || isOfNetwork(error))) throw error
    throw new StoreUnavailable('MongoDB failed', { cause: error })
  }
}

/** Such an error names a system call, or has a code by which Node reports that a socket is unusable. */
const isOfNetwork = (error: unknown) =>
  error instanceof Error &&
  ('syscall' in error || ('code' in error && /^(EPIPE|ERR_(SOCKET|STREAM)_\w+)$/.test(`${error.code}`)))
