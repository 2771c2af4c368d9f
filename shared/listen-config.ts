import * as v from 'valibot'
import { BasePath, Port } from './config.ts'

const separated = v.transform((text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
)

const Host = v.pipe(
  v.string(),
  v.transform((text) => text.trim().replace(/^\[(.*)\]$/, '$1')),
  v.regex(/^[\w.:%-]+$/, 'must be an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them'),
)

const Hosts = v.pipe(
  v.string(),
  separated,
  v.check(
    (hosts) => hosts.every((host) => /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)),
    'must be a comma-separated list of hosts: log.example.com or log.example.com:8443',
  ),
)

const Origins = v.pipe(
  v.string(),
  separated,
  v.check(
    (origins) => origins.every((origin) => URL.parse(origin)?.origin === origin.toLowerCase()),
    'must be a comma-separated list of origins: https://app.example.com, without a path or a usual port',
  ),
)

const Proxies = v.pipe(
  v.string(),
  separated,
  v.check(
    (addresses) => addresses.every(isAddressOrRange),
    'must be a comma-separated list of addresses and ranges, such as 127.0.0.1,10.0.0.0/8',
  ),
)

function isAddressOrRange(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  const isIpv6 = v.IPV6_REGEX.test(address)
  if ((!isIpv6 && !v.IPV4_REGEX.test(address)) || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIpv6 ? 128 : 32))
}

/** The variables of every process that serves HTTP. */
export const listenEntries = (port: string) => ({
  PORT: Port(port),
  HOST: v.optional(Host, 'localhost'),
  ALLOWED_HOSTS: v.optional(Hosts, ''),
  ALLOWED_ORIGINS: v.optional(Origins, ''),
  TRUSTED_PROXIES: v.optional(Proxies, ''),
  BASE_PATH: BasePath,
})

type ListenConfig = {
  PORT: number
  HOST: string
  ALLOWED_HOSTS: string[]
  ALLOWED_ORIGINS: string[]
  TRUSTED_PROXIES: string[]
}

/** The options of `listen` that come from the environment. */
export const listenOptions = (config: ListenConfig) => ({
  port: config.PORT,
  host: config.HOST,
  allowedHosts: config.ALLOWED_HOSTS,
  allowedOrigins: config.ALLOWED_ORIGINS,
  trustedProxies: config.TRUSTED_PROXIES,
})
