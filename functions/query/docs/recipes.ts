/** How other programs send to the log. They are in the README of ingest as well, which a test compares. */
export type Recipe = { name: string; about?: string; text: string }

export const recipes: readonly Recipe[] = [
  {
    name: 'curl',
    text: `curl -X POST localhost:3000/logs -H 'content-type: application/json' -d '{"userId":"ada","action":"login"}'
curl -X POST 'localhost:3000/logs?user=uid&action=msg&time=time&time-format=epoch-ms&members=metadata' \\
  -H 'content-type: application/json' -d '{"level":30,"time":1705312800123,"uid":42,"msg":"login"}'`,
  },
  {
    name: 'A browser',
    about: 'For a page of the same origin; sendBeacon with plain text would be a 415 that nobody sees.',
    text: `await fetch('/logs', { method: 'POST', keepalive: true, headers: { 'content-type': 'application/json' }, body })
navigator.sendBeacon('/logs', new Blob([body], { type: 'application/json' }))`,
  },
  {
    name: 'fluent-bit',
    text: `[OUTPUT]
    name             http
    match            *
    host             localhost
    port             3000
    uri              /logs/batch?user=user&action=log&time=date&time-format=epoch-s&members=metadata
    format           json_lines
    json_date_format double
    header           content-type application/x-ndjson
    compress         gzip`,
  },
  {
    name: 'vector',
    text: `sinks:
  activities:
    type: http
    inputs: [app]
    uri: http://localhost:3000/logs/batch?user=user&action=message&members=metadata
    encoding: { codec: json }
    framing: { method: newline_delimited }
    compression: gzip
    request: { headers: { content-type: application/x-ndjson } }`,
  },
  {
    name: 'telegraf',
    about: 'It sends one metric at a time.',
    text: `[[outputs.http]]
  url = "http://localhost:3000/logs?user=tags.user&action=name&time=timestamp&time-format=epoch-s&members=metadata"
  data_format = "json"
  use_batch_format = false
  content_encoding = "gzip"
  [outputs.http.headers]
    Content-Type = "application/json"`,
  },
  {
    name: 'logstash',
    text: `output {
  http {
    url => "http://localhost:3000/logs?user=user.name&action=event.action&time=@timestamp&members=metadata"
    http_method => "post"
    format => "json"
  }
}`,
  },
  {
    name: 'syslog-ng',
    about: 'It tries again every second until the log answers; use-uniqid gives each message an id.',
    text: `options { use-uniqid(yes); };
destination d_log {
  http(
    url("http://localhost:3000/logs/batch?user=USER&action=MESSAGE&time=UNIXTIME&time-format=epoch-s&members=metadata")
    method("POST") headers("content-type: application/x-ndjson")
    body("$(format-json id=$UNIQID USER=$PROGRAM MESSAGE=$MESSAGE UNIXTIME=$UNIXTIME HOST=$HOST)")
    batch-lines(100) time-reopen(1) response-action(400 => drop));
};`,
  },
  {
    name: 'send-to.js',
    about:
      'The loggers below write their lines to this stream, which sends each until the log has it. End it before the process ends.',
    text: `import { Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'

const post = (url, body) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch(() => ({ status: 503 }))

export const sendTo = (url) =>
  new Writable({
    decodeStrings: false,
    async writev(chunks, done) {
      const lines = chunks.map(({ chunk }) => chunk)
      while (lines.length > 0) {
        const { status, text } = await post(url, lines.slice(0, 500).join(''))
        if (status >= 500 || status === 408 || status === 429) await setTimeout(1000)
        else {
          if (status !== 202) console.error(text)
          lines.splice(0, 500)
        }
      }
      done()
    },
  })`,
  },
  {
    name: 'winston',
    text: `import { randomUUID } from 'node:crypto'
import winston from 'winston'
import { sendTo } from './send-to.js'

const { combine, json, timestamp } = winston.format
const withId = winston.format((info) => ({ ...info, id: randomUUID() }))
const query = 'user=userId&action=message&time=timestamp&members=metadata'
export const stream = sendTo(\`http://localhost:3000/logs/batch?\${query}\`)
export const logger = winston.createLogger({
  format: combine(withId(), timestamp(), json()),
  transports: [new winston.transports.Stream({ stream })],
})
// logger.info('login', { userId: 'ada' })`,
  },
  {
    name: 'pino',
    text: `import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { sendTo } from './send-to.js'

const query = 'user=userId&action=msg&time=time&time-format=epoch-ms&members=metadata'
export const stream = sendTo(\`http://localhost:3000/logs/batch?\${query}\`)
export const logger = pino({ mixin: () => ({ id: randomUUID() }) }, stream)
// logger.info({ userId: 'ada' }, 'login')`,
  },
  {
    name: 'A Knative Trigger',
    text: `spec:
  broker: default
  subscriber:
    ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: ingest }
    uri: /logs?user=source`,
  },
  {
    name: 'openapi-generator',
    about: 'Post one activity with postActivity, and many with postActivities; in an export, the body is a file.',
    text: `java -jar openapi-generator-cli.jar generate -g python -i http://localhost:3000/openapi.json -o client`,
  },
]
