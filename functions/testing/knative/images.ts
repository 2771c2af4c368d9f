import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Control, command } from './command.ts'

export const functions = ['ingest', 'persist', 'query'] as const
export type FunctionName = (typeof functions)[number]
const targets = [...functions, 'local'] as const

const root = join(import.meta.dirname, '../../..')

/** Knative does not look up images under this name in a registry. */
export const imageName = (target: string, tag: string) => `dev.local/activity-log/${target}:${tag}`

/** A server that takes the place of the image in the manifests. */
export const mongodbImage = process.env['MONGODB_IMAGE'] || 'mongo:8'
export const kafkaImage = 'apache/kafka:4.3.1'

/** Builds the images of this checkout. */
export const buildImages = (tag: string) => buildFrom(root, join(root, 'functions/image/Dockerfile'), tag)

/** Puts the images of this checkout and those of the servers into the cluster. */
export async function loadImages(control: Control, tag: string): Promise<void> {
  // the servers are large, and do not change
  const there = await control(['ctr', 'images', 'ls', '-q'])
  const servers = [kafkaImage, mongodbImage].filter((image) => !there.includes(image))
  await loadInto(control, [...targets.map((target) => imageName(target, tag)), ...servers])
}

/** Builds the images of an earlier commit, whose name becomes their tag. */
export async function loadEarlierImages(control: Control, commit: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'activity-log-earlier-'))
  try {
    const tree = ['sh', '-c', 'git archive "$0" | tar -x -C "$1"', commit, folder]
    await command(tree, { cwd: root })
    const names = await command(['git', 'ls-tree', '-r', '--name-only', commit, 'functions'], { cwd: root })
    const file = names.split('\n').find((name) => name.endsWith('/Dockerfile')) ?? ''
    await buildFrom(folder, join(folder, file), commit)
    await loadInto(
      control,
      targets.map((target) => imageName(target, commit)),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function buildFrom(folder: string, file: string, tag: string) {
  for (const target of targets) {
    await command(['docker', 'build', '--quiet', '-f', file, '--target', target, '-t', imageName(target, tag), folder])
  }
}

async function loadInto(control: Control, images: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'activity-log-images-'))
  try {
    const file = join(folder, 'images.tar')
    await command(['docker', 'save', '-o', file, ...images])
    await control(['load', file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}
