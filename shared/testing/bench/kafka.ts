import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { StartError } from '../../config.ts'
import { run } from '../../http/run.ts'
import { startProgram, written } from '../processes.ts'
import { aTopic, kafkaBrokers } from '../servers.ts'
import { posting } from './posting.ts'
import { median, noteIn, printMachine, printTable, type Results, residentMebibytes } from './report.ts'

const usage = `Usage: KAFKA_BROKERS=host:port,… npm run bench:kafka [-- --rounds 5 --seconds 4]

Posts activities from 128 connections to ingest over Kafka, and to an Express server that calls producer.send for each
request; in turn, on topics of their own with 12 partitions.`

const connections = 128

async function main() {
  const { values } = parseArgs({
    options: { rounds: { type: 'string' }, seconds: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(usage)
  if (!process.env['KAFKA_BROKERS']) throw new StartError(`KAFKA_BROKERS is not set.\n\n${usage}`)
  const rounds = Number(values.rounds ?? 5)
  const duration = Number(values.seconds ?? 4)
  printMachine()
  const results: Results = new Map()
  const note = noteIn(results)
  const brokers = kafkaBrokers.join(',')

  await using ourTopic = await aTopic(12)
  await using plainTopic = await aTopic(12)
  await using ingest = startProgram('functions/ingest/main.ts', {
    KAFKA_BROKERS: brokers,
    KAFKA_TOPIC: ourTopic.name,
    PORT: '0',
  })
  await using plain = startProgram('shared/testing/bench/plain-server.ts', {
    KAFKA_BROKERS: brokers,
    KAFKA_TOPIC: plainTopic.name,
  })
  const servers = {
    ingest: `http://localhost:${await written(ingest, /"port":(\d+)/)}/logs`,
    'Express, a send per request': await written(plain, /(http\S+)/),
  }
  const rate = async (url: string) => {
    const done = await autocannon(posting(url, connections, duration))
    return {
      rate: Math.round(done['2xx'] / done.duration),
      p50: done.latency.p50,
      p99: done.latency.p99,
      failed: done.non2xx + done.errors,
    }
  }
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const rates: number[] = []
    for (const [name, url] of Object.entries(servers)) {
      const measured = await rate(url)
      rates.push(measured.rate)
      note(`${name}: activities/s`, measured.rate)
      note(`${name}: p50 in ms`, measured.p50)
      note(`${name}: p99 in ms`, measured.p99)
      note(`${name}: not answered 202`, measured.failed)
    }
    const [ours = Number.NaN, theirs = Number.NaN] = rates
    ratios.push(ours / theirs)
  }
  note('ingest: resident memory afterwards, MiB', residentMebibytes(ingest.child.pid))
  printTable(results)
  console.log(
    `\ningest takes ${median(ratios).toFixed(1)} times as many (${ratios.map((ratio) => ratio.toFixed(1)).join(', ')})`,
  )
}

run(main)
