/** The commands in the `sh` blocks of a README, in order: each is one text, without comments. */
export function shellCommands(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => commandsOf(block))
}

function commandsOf(block: string): string[] {
  const commands: string[] = []
  const lines = block.replaceAll(/\\\n\s*/g, '').split('\n')
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const command = [line.replace(/(^|\s+)#\s.*$/, '')]
    const end = endOf(line)
    while (end !== undefined && lines.length > 0 && command.at(-1) !== end) command.push(lines.shift() ?? '')
    const text = command.join('\n').trim()
    if (text !== '') commands.push(text)
  }
  return commands
}

/** The last line of a command that takes several lines: a loop or a here-document. */
function endOf(line: string): string | undefined {
  if (/^for /.test(line)) return 'done'
  return /<<'(\w+)'$/.exec(line)?.[1]
}

/** A call of the log at localhost:3000. readme-calls.test.ts makes every one. */
export const isCall = (command: string) => /^curl .*\blocalhost:3000\b/.test(command)

/**
 * The test that runs each command: its file has to contain the text. An entry that ends in … is the beginning of
 * commands.
 */
export const runByTests: { readonly [command: string]: readonly [file: string, text: string] } = {
  'npm ci && npm start': ['.ci/run', 'npm start'],
  'npm run test:integration': ['.ci/run', 'npm run -s test:integration'],
  'PORT=8080 npm start -w functions/ingest': ['functions/testing/readme.test.ts', 'npm start -w functions/ingest'],
  'PORT=8081 npm start -w functions/persist': ['functions/testing/readme.test.ts', 'npm start -w functions/persist'],
  'PORT=8082 npm start -w functions/query': ['functions/testing/readme.test.ts', 'npm start -w functions/query'],
  'SINK_URL=http://localhost:8081 npm start -w functions/kafka-source': [
    'functions/testing/readme.test.ts',
    'npm start -w functions/kafka-source',
  ],
  'INGEST_URL=http://localhost:8080 …': ['functions/testing/readme.test.ts', 'npm run gateway -w functions/local'],
  'npm run log -- --help': ['functions/cli/program.long.test.ts', "['--help']"],
  'npm run log -- help import': ['functions/cli/program.long.test.ts', "'--help'"],
  'npm run log -- import activities.ndjson.gz': ['.ci/run', 'log -- import "$data"'],
  'export ACCESS_FILE=access.json': ['functions/testing/access/walk.long.test.ts', 'In ten minutes'],
  'OPERATOR=$(npm run -s log -- keys create …': ['functions/testing/access/walk.long.test.ts', 'In ten minutes'],
  'ACME=$(npm run -s log -- keys create …': ['functions/testing/access/walk.long.test.ts', 'In ten minutes'],
  'echo "$OPERATOR"': ['functions/testing/access/walk.long.test.ts', 'In ten minutes'],
  'npm start &': ['functions/testing/access/walk.long.test.ts', 'In ten minutes'],
  'NEXT=$(npm run -s log -- keys rotate …': ['functions/testing/access/walk.long.test.ts', 'In ten minutes'],
  'npm run -s log -- keys revoke …': ['functions/testing/access/walk.long.test.ts', 'In ten minutes'],
  'npm run -s log -- keys list': ['functions/testing/access/walk.long.test.ts', 'In ten minutes'],
  'npm run log -- demo --once': ['functions/cli/demo.test.ts', "'--once'"],
  'npm run log -- demo --once --url http://localhost:3001': ['functions/cli/demo.test.ts', "'--once', '--url'"],
  'RETENTION_DAYS=90 npm run log -- migrate': ['functions/cli/migrate.integration.test.ts', "'migrate'"],
  'npm run system': ['functions/testing/readme.test.ts', "system: namesIn(scriptFile('system'))"],
  'npm run system -- compose': ['.ci/run', 'system -- compose'],
  'npm run log -- check --data-dir ./data': ['functions/cli/check.test.ts', "'check'"],
  'npm run system -- scale --help': ['functions/testing/run-system.long.test.ts', "'scale', ['--help']"],
  'npm run system -- knative --short': ['.ci/run', 'system -- knative --short'],
  'npm run system -- durability': ['.ci/run', 'system -- durability'],
  'npm run system -- own-writes': ['.ci/run', 'system -- own-writes'],
  'npm run system -- texts titles': ['functions/testing/run-system.long.test.ts', "'texts', ['titles']"],
  'npm run system -- faults --help': ['functions/testing/run-system.long.test.ts', "'faults', ['--help']"],
  'npm run bench -- gate': ['.ci/run', 'bench -- gate'],
  'docker compose up --build': ['functions/testing/compose.ts', "'up', '--build'"],
  'docker compose down': ['functions/testing/compose.ts', "['down']"],
  'docker compose run --rm ledger': ['functions/testing/compose.ts', "'run', '--rm', 'ledger'"],
  'kubectl apply -k knative/overlays/dev': ['.ci/run', 'knative/overlays/dev'],
  'kubectl apply -k knative/overlays/production': ['.ci/run', 'knative/overlays/production'],
}

/** Commands for people: they take long, need a cluster or servers, or do not end. */
export const runByHand: readonly string[] = [
  'npm run dev',
  'npm run bundle',
  'DATA_DIR=./data-2 PORT=3001 npm start',
  "export KAFKA_BROKERS=localhost:9092 MONGODB_URI='mongodb://localhost:27017/?replicaSet=rs0'",
  "export KAFKA_BROKERS=localhost:9092 MONGODB_URI='mongodb://localhost:27017/?directConnection=true'",
  'KAFKA_TOPIC=activities-dead-letter KAFKA_GROUP=persist-dead-letters …',
  'docker compose up --build --wait debug',
  'docker build -f functions/image/Dockerfile --target ingest .',
  'npm run log -- import activities.ndjson --url …',
  'npm run log -- import trail.json.gz --format cloudtrail --items Records',
  'npm run log -- ledger --brokers localhost:9092',
  'npm run log -- ledger --brokers localhost:9092 --json',
  'ACCESS=open npm run log -- ledger write-off --brokers localhost:9092',
  'npm run system -- knative',
  'npm run system -- knative upgrade --from 820e461 --report report.md',
  'npm run system -- screenshots',
  'npm run system -- lighthouse',
  'npm run system -- simulation --seeds 10000',
  'npm run system -- simulation --seed 4711',
  'npm run system -- model',
  'npm run system -- scale --size 100000,1000000',
  'npm run system -- scale --size 100000,1000000,10000000 --folder /large/disk --write',
  'npm run system -- clients',
  'java -jar openapi-generator-cli.jar generate -g python -i http://localhost:3000/openapi.json -o client',
  'npm run system -- fuzz',
  'npm run system -- faults --embedded',
  'npm run system -- faults --all',
  'npm run system -- faults --scenario leader-moves --seed 3',
  'npm run system -- mutants',
  'npm run bench -- --help',
  'npm run bench -- embedded',
  'npm run bench -- query',
  'npm run bench -- event-loop',
  'npm run bench -- all',
  'npm run bench -- peers',
  'npm run bench -- access',
  'minikube start --cpus 6 --memory 10g --cni calico',
  'minikube delete',
  'V=knative-v1.23.0',
  'G=https://github.com',
  'kubectl apply -f $G/knative…',
  'kubectl apply -f knative/base/namespace.yaml',
  'kubectl wait --for=condition=Established --all crd --timeout=60s',
  'kubectl wait --for=condition=Available --all deployment -n knative-…',
  'kubectl patch configmap config-network -n knative-serving …',
  'kubectl patch configmap config-features -n knative-eventing …',
  'kubectl patch configmap config-features -n knative-serving …',
  'kubectl get --raw /.well-known/openid-configuration',
  'kubectl get --raw /openid/v1/jwks >jwks.json',
  'kubectl -n activity-log create configmap delivery-keys …',
  'npm run -s log -- keys create --file access.json …',
  'kubectl patch configmap config-domain -n knative-serving …',
  'kubectl -n activity-log wait --for=condition=Complete job/topics --timeout=300s',
  'kubectl -n activity-log wait --for=condition=Ready ksvc,kafkasource,kafkasink --all --timeout=600s',
  'kubectl -n activity-log get ksvc,kafkasource,kafkasink',
  'kubectl -n activity-log get pods -w',
  'kubectl -n activity-log exec kafka-0 -- …',
  'kubectl -n activity-log create secret generic mongodb …',
  'kubectl -n activity-log create secret generic ingest-key …',
  'kubectl -n activity-log delete pod -l serving.knative.dev/service=ingest',
  'kubectl -n kourier-system port-forward service/kourier 3000:80 &',
  'kubectl delete -k knative/overlays/dev',
  'curl -X POST http://ingest.activity-log.127.0.0.1.sslip.io:3000/logs …',
  'curl http://query.activity-log.127.0.0.1.sslip.io:3000/logs',
  'curl http://query.activity-log.127.0.0.1.sslip.io:3000/dead-letters',
  'for f in ingest persist query; do …',
  'for role in ingest source sink; do …',
]

/** Whether an entry of one of the lists matches a command. */
export const standsFor = (entry: string, command: string) =>
  entry.endsWith('…') ? command.startsWith(entry.slice(0, -1).trimEnd()) : command === entry
