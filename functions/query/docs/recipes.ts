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
    text: `destination d_log {
  http(
    url("http://localhost:3000/logs/batch?user=USER&action=MESSAGE&time=UNIXTIME&time-format=epoch-s&members=metadata")
    method("POST") headers("content-type: application/x-ndjson")
    body("$(format-json id=$UNIQID USER=$PROGRAM MESSAGE=$MESSAGE UNIXTIME=$UNIXTIME HOST=$HOST)")
    batch-lines(100) retries(20));
};`,
  },
  {
    name: 'winston',
    text: `new winston.transports.Http({ port: 3000, path: '/logs?action=message&members=metadata' })`,
  },
  {
    name: 'pino',
    about: 'It writes one object per line, so any shipper sends its file, to this path.',
    text: `/logs/batch?user=userId&action=msg&time=time&time-format=epoch-ms&members=metadata`,
  },
  {
    name: 'A Knative Trigger',
    text: `spec:
  broker: default
  subscriber:
    ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: ingest }
    uri: /logs?user=source`,
  },
]
