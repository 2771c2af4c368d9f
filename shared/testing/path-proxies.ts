import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { join } from 'node:path'
import { until } from './builders.ts'
import { aFolder, startCommand } from './processes.ts'

/** A proxy that passes paths below /audit on unchanged. */
type PathProxy = { origin: string } & AsyncDisposable

/** Debian's path, or the path in NGINX. */
const nginx = process.env['NGINX'] ?? '/usr/sbin/nginx'
export const whyNoNginx = existsSync(nginx)
  ? undefined
  : `There is no nginx at ${nginx}: install one (apt-get install nginx-light), or name it with NGINX.`

export const pathProxies: { readonly [name: string]: (target: string) => Promise<PathProxy> } = {
  'a proxy of a few lines': openPlainProxy,
  ...(whyNoNginx ? {} : { nginx: openNginx }),
}

async function openPlainProxy(target: string): Promise<PathProxy> {
  const server = createServer((request, response) => {
    const { method, url = '', headers } = request
    if (!/^\/audit(\/|\?|$)/.test(url)) return void response.writeHead(404).end('elsewhere')
    const passed = httpRequest(target + url, { method: method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    response.once('close', () => passed.destroy())
    request.pipe(passed.on('error', () => response.destroy()))
  })
  await once(server.listen(0), 'listening')
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Everything that nginx does by default stays as it is: HTTP/1.0 to the log, buffering, its own Host. */
async function openNginx(target: string): Promise<PathProxy> {
  const folder = aFolder()
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  const upstream = target.replace('localhost', '127.0.0.1')
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr;
events {}
http {
  access_log off;
  ${paths.join(' ')}
  server {
    listen 127.0.0.1:${port};
    location = /audit { proxy_pass ${upstream}; }
    location /audit/ { proxy_pass ${upstream}; }
  }
}
`,
  )
  const program = startCommand(nginx, ['-e', 'stderr', '-p', folder, '-c', config])
  const origin = `http://127.0.0.1:${port}`
  await until(async () => {
    if (program.child.exitCode !== null) throw new Error(`nginx did not start:\n${program.output()}`)
    return fetch(origin).then(
      () => true,
      () => false,
    )
  })
  return Object.assign(program, { origin })
}

export async function freePort(): Promise<number> {
  const server = createNetServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
