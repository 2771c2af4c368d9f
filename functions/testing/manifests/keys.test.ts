import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keysAreAskedFor } from './access-check.ts'
import { environmentIsWhatTheFunctionsRead, timeoutIsThatOfTheSink } from './checks.ts'
import { renderFolder, whyNoKustomize } from './kustomize.ts'
import { standInsReplaceTheSources } from './stand-in-check.ts'

test.skipIf(whyNoKustomize)('with the component keys, every function of another overlay asks for keys, too', () => {
  const manifests = renderFolder(join(import.meta.dirname, 'keys'))
  const checks = [keysAreAskedFor, environmentIsWhatTheFunctionsRead, timeoutIsThatOfTheSink, standInsReplaceTheSources]
  expect(checks.flatMap((check) => check(manifests))).toEqual([])
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.name)
  expect(policies).toContain('to-ingest')
})
